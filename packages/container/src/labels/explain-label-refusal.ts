import type { Step } from '@coracle/syscalls';
import { DEFAULT_PROFILE } from './default-profile.ts';

type Refusal = { text?: string; hint: string };

/** What a refused step that has to do with profiles or labels means, where its errno misleads, and what to do. */
export function explainLabelRefusal({
  syscall,
  args,
  code,
  why,
}: Pick<Step, 'syscall' | 'args' | 'why'> & { code: string | undefined }): Refusal | undefined {
  const profile = / the AppArmor profile (.+)$/s.exec(why)?.[1];
  if (profile !== undefined) return explainProfile(profile, syscall, code);
  const ofMount = syscall === 'fsconfig' && args.includes('context');
  if (!ofMount && !why.includes(' the SELinux label ')) return undefined;
  const without = '--security-opt label=disable goes without';
  if (code !== 'EINVAL')
    return { hint: `the policy does not let Coracle do that: ausearch -m avc tells the rule; ${without}` };
  if (ofMount)
    return {
      text: `the policy that is loaded knows no SELinux label ${args.at(3)}`,
      hint: `name another: --security-opt label=filetype:TYPE; seinfo -t lists its types; ${without}`,
    };
  return {
    text: 'the policy that is loaded knows no such label',
    hint: `name another: --security-opt label=type:TYPE; seinfo -t lists its types, -r its roles, -u its users; ${without}`,
  };
}

function explainProfile(profile: string, syscall: string, code: string | undefined): Refusal {
  const without = '--security-opt apparmor=unconfined goes without';
  if (syscall === 'write' && code === 'ENOENT') {
    const load =
      profile === DEFAULT_PROFILE ? 'coracle apparmor | sudo apparmor_parser -r' : 'sudo apparmor_parser -r FILE';
    return {
      text: 'no AppArmor profile of this name is loaded',
      hint: `load it: ${load}; sudo aa-status lists those there are, ${without}`,
    };
  }
  return { hint: `the profile that Coracle itself runs under does not let it change to another; ${without}` };
}
