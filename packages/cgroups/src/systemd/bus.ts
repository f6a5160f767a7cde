import { once } from 'node:events';
import { type ErrnoName, errnoOf, SystemError } from '@coracle/errors';

/** A call of a method of systemd's manager, or of one of its units. */
export interface Call {
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

// Its own types leave this out.
declare module '@homebridge/dbus-native' {
  export function createClient(options: { busAddress: string }): MessageBus;
}

/**
 * Connects to a message bus, with the package `@homebridge/dbus-native`, which has to be installed beside this one.
 * @param address {@link SYSTEM_BUS}; for the units of one user `unix:path=/run/user/UID/bus`
 * @throws SystemError ENOENT, EACCES, ECONNREFUSED when there is nobody to talk to; EOPNOTSUPP when the package is not installed.
 *   Calls: EACCES when systemd does not allow it, EEXIST, ENOENT for a unit that is or is not there, EINVAL for a property
 *   that it does not take, EIO for all else
 * @see the D-Bus specification; org.freedesktop.systemd1(5)
 * @example
 * using bus = await openBus();
 * await bus.call({ member: 'GetUnit', signature: 's', body: ['init.scope'] });
 */
export async function openBus(address: string = SYSTEM_BUS): Promise<Bus> {
  const { createClient } = await loadClient();
  const client = createClient({ busAddress: address });
  const { connection } = client;
  let failure: unknown;
  try {
    await once(connection, 'connect');
  } catch (cause) {
    connection.stream.destroy();
    throw unreachable(address, cause);
  }
  connection.on('error', (error: unknown) => {
    failure = error;
  });
  const bus: Bus = {
    call: (call) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined || connection.stream.destroyed) return reject(unreachable(address, failure));
        const closed = (): void => reject(unreachable(address, failure));
        connection.stream.once('close', closed);
        client.invoke({ destination: SYSTEMD, ...MANAGER, ...call }, (error: unknown, ...body: unknown[]) => {
          connection.stream.off('close', closed);
          if (error) reject(refused(call, error));
          else resolve(body);
        });
      }),
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
    [Symbol.dispose]: () => connection.stream.destroy(),
  };
  const match = `type='signal',sender='${SYSTEMD}',interface='${MANAGER.interface}'`;
  const toBus = {
    destination: 'org.freedesktop.DBus',
    path: '/org/freedesktop/DBus',
    interface: 'org.freedesktop.DBus',
  };
  await bus.call({ ...toBus, member: 'AddMatch', signature: 's', body: [match] });
  await bus.call({ member: 'Subscribe' });
  return bus;
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
  [/ServiceUnknown|NameHasNoOwner/, 'ECONNREFUSED', 'systemd is not on this bus'],
];

function refused({ member }: Call, cause: unknown): SystemError {
  const { name, message } = { name: '', message: '', ...(typeof cause === 'object' ? cause : {}) };
  const [, code, hint] = CODES.find(([error]) => error.test(`${name}`)) ?? [undefined, 'EIO' as const, undefined];
  return new SystemError({ code, syscall: member, path: SYSTEMD, text: `${message || name}`, hint, cause });
}
