import { SystemError } from '@coracle/errors';
import { type Step, setdomainname, sethostname } from '@coracle/syscalls';

/** The longest name the kernel keeps, in bytes: __NEW_UTS_LEN. */
const MAX_BYTES = 64;

/**
 * Steps that give the `uts` namespace a hostname.
 *
 * The kernel takes any bytes, so does this; programs expect letters, digits, dots and dashes. Needs CAP_SYS_ADMIN in the
 * user namespace that owns the uts namespace.
 * @param name 1 to 64 bytes of UTF-8
 * @throws SystemError EINVAL for a name that is empty, longer, or holds a NUL
 * @see sethostname(2), uts_namespaces(7)
 * @example
 * setHostname('box');
 */
export function setHostname(name: string): Step[] {
  check(name, { syscall: 'sethostname', what: 'hostname' });
  return [sethostname(name, 'give the container its own hostname')];
}

/**
 * Steps that give the `uts` namespace an NIS domain name, which is no part of DNS. The rules are those of {@link setHostname}.
 * @param name 1 to 64 bytes of UTF-8
 * @throws SystemError EINVAL for a name that is empty, longer, or holds a NUL
 * @see setdomainname(2), uts_namespaces(7)
 * @example
 * setDomainname('example.org');
 */
export function setDomainname(name: string): Step[] {
  check(name, { syscall: 'setdomainname', what: 'domain name' });
  return [setdomainname(name, 'give the container its own NIS domain name')];
}

function check(name: string, { syscall, what }: { syscall: string; what: string }): void {
  const bytes = new TextEncoder().encode(name).length;
  const hint = `choose a ${what} of 1 to ${MAX_BYTES} bytes`;
  const refuse = (text: string): SystemError => new SystemError({ code: 'EINVAL', syscall, path: name, text, hint });
  if (bytes === 0) throw refuse(`the ${what} is empty`);
  if (bytes > MAX_BYTES) throw refuse(`the ${what} is ${bytes} bytes long and the kernel takes at most ${MAX_BYTES}`);
  if (name.includes('\0')) throw refuse(`the ${what} holds a NUL byte`);
}
