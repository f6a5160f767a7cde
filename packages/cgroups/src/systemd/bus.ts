import type { Duplex } from 'node:stream';
import { type ErrnoName, errnoOf, isErrno, SystemError } from '@coracle/errors';
import { socketPath } from './bus-address.ts';
import { greetBus } from './greet-bus.ts';
import { within } from './within.ts';

/** A call of a method of systemd's manager, or of one of its units. */
export interface Call {
  /** Who is called; systemd if absent. */
  destination?: string;
  /** Of the object; the manager's if absent. */
  path?: string;
  interface?: string;
  member: string;
  signature?: string;
  body?: readonly unknown[];
}

/** A signal of systemd's. */
export interface BusSignal {
  member: string;
  body: readonly unknown[];
}

/** A connection to a message bus. */
export interface Bus extends Disposable {
  /** How long an answer may take, and a job that systemd was given. */
  readonly timeoutMs: number;
  /** Calls systemd. @throws SystemError, see {@link openBus} */
  call(call: Call): Promise<readonly unknown[]>;
  /** Hears the signals of the manager from now on; returns what ends it. */
  onSignal(listener: (signal: BusSignal) => void): () => void;
}

/** The bus of the whole machine. */
export const SYSTEM_BUS = 'unix:path=/run/dbus/system_bus_socket';

const SYSTEMD = 'org.freedesktop.systemd1';
const MANAGER = { path: '/org/freedesktop/systemd1', interface: `${SYSTEMD}.Manager` };
const SIGNAL = 4;

/** Longer than a unit may take to end by itself (`DefaultTimeoutStopSec`). */
const TIMEOUT_MS = 120_000;

// Its own types leave this out.
declare module '@homebridge/dbus-native' {
  export function createClient(options: { stream: Duplex }): MessageBus;
}

/** How to talk to systemd. */
export interface BusOptions {
  /** How long each answer may take, and each job that systemd is given; two minutes if absent. */
  timeoutMs?: number;
}

/**
 * Connects to a message bus, with the package `@homebridge/dbus-native`, which has to be installed beside this one, and has systemd tell
 * of its units there. The root of a user namespace is let in as who he is outside.
 * @param address {@link SYSTEM_BUS}; for the units of one user `unix:path=/run/user/UID/bus`
 * @throws SystemError ENOENT, EACCES, ECONNREFUSED when there is nobody to talk to, or one is not let in; EAFNOSUPPORT for the address;
 *   ETIMEDOUT when there is no answer; EOPNOTSUPP when the package is not installed.
 *   Calls: EACCES when systemd does not allow it, EEXIST, ENOENT for a unit that is or is not there, EINVAL for a property
 *   that it does not take, ETIMEDOUT, EIO for all else
 * @see the D-Bus specification; org.freedesktop.systemd1(5)
 * @example
 * using bus = await openBus();
 * await bus.call({ member: 'GetUnit', signature: 's', body: ['init.scope'] });
 */
export async function openBus(address: string = SYSTEM_BUS, { timeoutMs = TIMEOUT_MS }: BusOptions = {}): Promise<Bus> {
  const { createClient } = await loadClient();
  const stream = await reach(address, timeoutMs);
  const client = createClient({ stream });
  const { connection } = client;
  let failure: unknown;
  connection.on('error', (error: unknown) => {
    failure = error;
  });
  const answerTo = (call: Call): Promise<readonly unknown[]> =>
    new Promise((resolve, reject) => {
      if (failure !== undefined || stream.readableEnded || stream.destroyed)
        return reject(unreachable(address, failure));
      const closed = (): void => reject(unreachable(address, failure));
      stream.once('close', closed);
      client.invoke({ destination: SYSTEMD, ...MANAGER, ...call }, (error: unknown, ...body: unknown[]) => {
        stream.off('close', closed);
        if (error) reject(refused(call, error));
        else resolve(body);
      });
    });
  const bus: Bus = {
    timeoutMs,
    call: async (call) => {
      try {
        return await within(timeoutMs, answerTo(call), () => noAnswer(call, { address, timeoutMs }));
      } catch (error) {
        // What the client cannot write down is no value of its type.
        throw error instanceof SystemError ? error : notWritten(call, error);
      }
    },
    onSignal(listener) {
      const hear = ({
        type,
        interface: from,
        member,
        body = [],
      }: Partial<BusSignal> & { type?: number; interface?: string }) => {
        if (type === SIGNAL && from === MANAGER.interface && member !== undefined) listener({ member, body });
      };
      connection.on('message', hear);
      return () => connection.off('message', hear);
    },
    [Symbol.dispose]: () => {
      stream.destroy();
    },
  };
  try {
    const name = 'org.freedesktop.DBus';
    const toBus = { destination: name, path: '/org/freedesktop/DBus', interface: name };
    const match = `type='signal',sender='${SYSTEMD}',interface='${MANAGER.interface}'`;
    await bus.call({ ...toBus, member: 'AddMatch', signature: 's', body: [match] });
    await bus.call({ member: 'Subscribe' });
  } catch (error) {
    bus[Symbol.dispose]();
    throw error;
  }
  return bus;
}

async function reach(address: string, timeoutMs: number): Promise<Duplex> {
  const path = socketPath(address);
  try {
    return await within(timeoutMs, greetBus(path), () => noAnswer({ member: 'AUTH' }, { address, timeoutMs }));
  } catch (cause) {
    throw isErrno(cause, 'ETIMEDOUT') ? cause : unreachable(address, cause);
  }
}

async function loadClient(): Promise<typeof import('@homebridge/dbus-native')> {
  try {
    return await import('@homebridge/dbus-native');
  } catch (cause) {
    throw new SystemError({
      code: 'EOPNOTSUPP',
      syscall: 'import',
      path: '@homebridge/dbus-native',
      text: 'there is no client for D-Bus',
      hint: "npm install @homebridge/dbus-native; or make the group without systemd: manager: 'files'",
      cause,
    });
  }
}

/** @see ETIMEDOUT of connect(2): nobody answers */
function noAnswer(
  { member, destination = SYSTEMD }: Pick<Call, 'member' | 'destination'>,
  { address, timeoutMs }: { address: string; timeoutMs: number },
): SystemError {
  return new SystemError({
    code: 'ETIMEDOUT',
    syscall: member,
    path: address,
    text: `${destination} has not answered within ${timeoutMs / 1000} s`,
    hint: 'is it at work, or stopped? see systemctl status, and journalctl --unit=init.scope',
  });
}

function notWritten({ member }: Call, cause: unknown): SystemError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new SystemError({ code: 'EINVAL', syscall: member, path: SYSTEMD, text, cause });
}

function unreachable(address: string, cause: unknown): SystemError {
  return new SystemError({
    code: errnoOf(cause) ?? 'ECONNREFUSED',
    syscall: 'connect',
    path: address,
    hint: address.includes('/run/user/')
      ? 'this user has no systemd of his own: log in (su and cron are no logins), or as root: loginctl enable-linger USER'
      : 'is systemd process 1, and the message bus running? systemctl status dbus.socket',
    cause,
  });
}

const CODES: readonly [error: RegExp, code: ErrnoName, hint: string][] = [
  [
    /AccessDenied|AuthorizationRequired/,
    'EACCES',
    "be root, or talk to your own systemd: 'unix:path=/run/user/UID/bus'",
  ],
  [/UnitExists/, 'EEXIST', 'take another name for the unit, or stop that one'],
  [/NoSuchUnit|UnknownObject/, 'ENOENT', 'it has ended, or was never made'],
  [
    /InvalidArgs|PropertyReadOnly|UnknownProperty/,
    'EINVAL',
    'see systemd.resource-control(5) for what this systemd takes',
  ],
  [/UnixProcessIdUnknown|ESRCH/, 'ESRCH', 'it has ended already'],
  [/ServiceUnknown|NameHasNoOwner|Error\.Spawn\./, 'ECONNREFUSED', 'systemd is not on this bus'],
];

function refused({ member }: Call, cause: unknown): SystemError {
  const { name, message } = { name: '', message: '', ...(typeof cause === 'object' ? cause : {}) };
  const [, code, hint] = CODES.find(([error]) => error.test(`${name}`)) ?? [undefined, 'EIO' as const, undefined];
  return new SystemError({ code, syscall: member, path: SYSTEMD, text: `${message || name}`, hint, cause });
}
