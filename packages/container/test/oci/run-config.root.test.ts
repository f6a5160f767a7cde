import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { Container } from '@coracle/container';
import { configAbilities, prepareConfig, runConfig } from '@coracle/container/config';
import { isErrno } from '@coracle/errors';
import { type Config, features } from '@coracle/oci-spec';
import { validateFeatures } from '@coracle/oci-spec/validate';
import { isAtLeast, kernelRelease, kernelVersion } from '@coracle/syscalls';
import { findLeftovers, needs } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { baseConfig, type ConfigParts, inUserNamespace } from './support/base-config.ts';
import { type Bundle, makeBundle } from './support/bundle.ts';
import { makeNamespaces } from './support/namespaces.ts';

let bundle: Bundle;
let containers = 0;
const ID = 'coracle-config-test';
beforeAll(() => {
  bundle = makeBundle();
});
afterAll(() => {
  bundle[Symbol.dispose]();
  const left = Object.values(findLeftovers()).flat();
  expect(left.filter((one) => one.includes(ID) || one.includes(bundle.path))).toEqual([]);
});

const asRoot = needs.test(needs.root);
const run = (config: Config, warnings: string[] = []): ReturnType<typeof runConfig> =>
  runConfig(config, {
    bundle: bundle.path,
    id: `${ID}-${++containers}`,
    onWarning: ({ path, text }) => void warnings.push(`${path} ${text}`),
  });
const sh = (script: string, parts: ConfigParts = {}): ReturnType<typeof runConfig> => run(baseConfig(script, parts));
const options = (place: string): string => `awk '$5 == "${place}" { print $6 }' /proc/self/mountinfo`;

/** Not one that has ended and was not buried yet: that is somebody else's to do. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return false;
    throw error;
  }
}

describe('resources of a configuration', () => {
  asRoot('before version 1.3 a limit of 0 processes is none, as CRI-O writes it', async () => {
    const parts = { linux: { resources: { pids: { limit: 0 } } } };
    const forks = baseConfig('(exit 7); echo $?', parts);
    expect(await run({ ...forks, ociVersion: '1.0.2-dev' })).toMatchObject({ exitCode: 0, stdout: '7\n' });
  });
});

describe('mounts of a configuration', () => {
  asRoot('an option with an r is for the mounts below as well, one without for the top alone', async () => {
    const volume = `${bundle.path}/volume`;
    execFileSync('mount', ['-t', 'tmpfs', 'coracle-test', `${volume}/below`]);
    try {
      const mounts = (...words: string[]): ConfigParts => ({
        mounts: [{ destination: '/data', type: 'none', source: 'volume', options: ['rbind', ...words] }],
      });
      const script = `${options('/data')}; ${options('/data/below')}`;
      expect(await sh(script, mounts('ro', 'rnosuid'))).toMatchObject({
        stdout: expect.stringMatching(/^ro,nosuid,[^\n]*\nrw,nosuid,[^\n]*\n$/),
      });
      expect(await sh(script, mounts('rro', 'noexec'))).toMatchObject({
        stdout: expect.stringMatching(/^ro,noexec,[^\n]*\nro,relatime\n$/),
      });
      const alone = { mounts: [{ destination: '/data', type: 'bind', source: 'volume', options: ['bind'] }] };
      expect(await sh(`${options('/data/below')} | wc -l`, alone)).toMatchObject({ stdout: '0\n' });
    } finally {
      execFileSync('umount', [`${volume}/below`]);
    }
  });

  asRoot(
    'a bind mount has the attributes of its source until one is named, and those that are named then',
    async () => {
      const source = `${bundle.path}/volume/below`;
      const config = (...words: string[]): Config =>
        baseConfig(options('/data'), {
          mounts: [{ destination: '/data', type: 'bind', source, options: ['bind', ...words] }],
        });
      const seen = async (one: Config): Promise<string> => (await run(one)).stdout.trim();
      execFileSync('mount', ['-t', 'tmpfs', 'coracle-test', source]);
      try {
        execFileSync('mount', ['-o', 'remount,bind,ro,nosuid,noexec,noatime', source]);
        expect(await seen(config('rprivate'))).toBe('ro,nosuid,noexec,noatime');
        expect(await seen(config('nodev'))).toBe('rw,nodev,noatime');
        expect(await seen(config('suid', 'relatime'))).toBe('rw,relatime');
        // What is locked stays unless it was named.
        expect(await seen(inUserNamespace(config('nodev')))).toBe('ro,nosuid,nodev,noexec,noatime');
        await expect(seen(inUserNamespace(config('suid')))).rejects.toThrow(/EPERM.*mount_setattr/);
      } finally {
        execFileSync('umount', [source]);
      }
    },
  );

  asRoot('a source at the path of the root, below an earlier mount, is what that mount shows there', async () => {
    const rootfs = `${bundle.path}/rootfs`;
    const bind = (source: string, destination: string): NonNullable<ConfigParts['mounts']>[number] => ({
      destination,
      type: 'bind',
      source,
      options: ['rbind'],
    });
    const parts = (link: string): ConfigParts => ({
      mounts: [
        { destination: '/mnt', type: 'tmpfs', source: 'tmpfs' },
        bind('volume', '/mnt/x'),
        bind(`${rootfs}/mnt/x`, '/mnt/y'),
        bind(`${rootfs}/mnt`, '/final'),
        bind(`${rootfs}/mnt/x/${link}`, '/linked'),
      ],
    });
    mkdirSync(`${bundle.path}/volume/etc`);
    writeFileSync(`${bundle.path}/volume/etc/mark`, 'of the volume\n');
    symlinkSync('/mnt/x/etc', `${bundle.path}/volume/inside`);
    symlinkSync('../../../../../../../../../../mnt/y/etc', `${bundle.path}/volume/above`);
    for (const link of ['inside', 'above'])
      expect(await sh('cat /mnt/y/file /final/x/file /final/y/file /linked/mark', parts(link))).toMatchObject({
        stdout: 'of the host\nof the host\nof the host\nof the volume\n',
      });
  });

  asRoot('a tmpfs begins with what it covers, and can be read-only all the same', async () => {
    const full = { destination: '/full', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup', 'ro', 'nosuid'] };
    const { stdout, stderr } = await sh(
      'cat /full/one; wc -c < /full/link; stat -c %a /full/one /full/directory; touch /full/x',
      { mounts: [full] },
    );
    expect(stdout).toBe('one\n40000\n640\n711\n');
    expect(stderr).toContain('Read-only file system');
  });

  asRoot('a mountpoint is made where a link ends that leads nowhere, inside the root', async () => {
    const { stdout } = await sh(`cat /var/lock/file; ${options('/run/nowhere')} | wc -l; ls -d /run/nowhere`, {
      mounts: [{ destination: '/var/lock', type: 'bind', source: 'volume', options: ['bind'] }],
    });
    expect(stdout).toBe('of the host\n1\n/run/nowhere\n');
    expect(existsSync('/run/nowhere')).toBe(false);
  });

  asRoot('a mount that is there is changed by remount', async () => {
    const { stderr } = await sh('touch /scratch/x', {
      mounts: [
        { destination: '/scratch', type: 'tmpfs', source: 'tmpfs' },
        { destination: '/scratch', type: 'tmpfs', source: 'tmpfs', options: ['remount', 'ro'] },
      ],
    });
    expect(stderr).toContain('Read-only file system');
  });

  asRoot('an overlay may name layers that are longer than 255 bytes', async () => {
    const layers = ['one', 'two', 'three', 'four', 'five', 'six'].map(
      (name) => `${bundle.path}/${name.padEnd(60, 'x')}`,
    );
    for (const layer of layers) {
      mkdirSync(layer);
      writeFileSync(`${layer}/from-${layer.slice(bundle.path.length + 1, -55)}`, '');
    }
    const { stdout } = await sh(`ls /mnt | wc -l; ${options('/mnt')}`, {
      mounts: [
        {
          destination: '/mnt',
          type: 'overlay',
          source: 'overlay',
          options: ['nosuid', `lowerdir=${layers.join(':')}`],
        },
      ],
    });
    expect(stdout).toMatch(/^\d\nrw,nosuid,relatime\n$/);
    expect(Number(stdout[0])).toBeGreaterThan(3);
  });

  asRoot('files of a mount with mappings of its own have the ids that these give them', async () => {
    const mapping = [{ containerID: 0, hostID: 5000, size: 1000 }];
    const { stdout } = await sh("stat -c '%u %g' /data/file", {
      mounts: [
        {
          destination: '/data',
          type: 'bind',
          source: 'volume',
          options: ['bind', 'idmap'],
          uidMappings: mapping,
          gidMappings: mapping,
        },
      ],
    });
    expect(stdout).toBe('5000 5000\n');
  });

  asRoot('and with those of the container the ids that they have inside', async () => {
    const config = baseConfig("stat -c '%u %g' /data/file", {
      mounts: [{ destination: '/data', type: 'bind', source: 'volume', options: ['rbind', 'ridmap'] }],
    });
    expect(await run(inUserNamespace(config))).toMatchObject({ stdout: '0 0\n' });
  });

  asRoot('what cannot be is refused with its place in the configuration', async () => {
    const mount = (one: object): ConfigParts => ({ mounts: [{ destination: '/data', ...one }] });
    await expect(sh('true', mount({ type: 'bind', source: 'missing', options: ['bind'] }))).rejects.toMatchObject({
      code: 'ERR_CORACLE_CONFIG',
      path: '$.mounts[2].source',
    });
    await expect(sh('true', mount({ type: 'tmpfs', options: ['idmap'] }))).rejects.toMatchObject({
      path: expect.stringMatching(/^\$\.mounts\[2\]/),
    });
  });

  asRoot('an option that means nothing for a bind mount is told', async () => {
    const warnings: string[] = [];
    const config = baseConfig('true', {
      mounts: [{ destination: '/data', type: 'bind', source: 'volume', options: ['bind', 'size=1m'] }],
    });
    await run(config, warnings);
    expect(warnings).toEqual(['$.mounts[2].options has size, which mean nothing for a bind mount']);
  });
});

describe('the process of a configuration', () => {
  asRoot('is scheduled, and reads and writes, as it says', async () => {
    const { stdout } = await sh("sed 's/.*) //' /proc/self/stat | cut -d' ' -f 17,39; ionice", {
      process: {
        scheduler: { policy: 'SCHED_BATCH', nice: 7 },
        ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 6 },
      },
    });
    expect(stdout).toBe('7 3\nbest-effort: prio 6\n');
  });

  asRoot('sees a machine of 32 bits', async () => {
    const { stdout } = await sh('uname -m', { linux: { ...baseConfig('').linux, personality: { domain: 'LINUX32' } } });
    expect(stdout).toBe(process.arch === 'x64' ? 'i686\n' : 'armv8l\n');
  });

  asRoot('has its score for when memory runs out, in a user namespace too', async () => {
    const config = baseConfig('cat /proc/self/oom_score_adj', { process: { oomScoreAdj: 345 } });
    expect(await run(config)).toMatchObject({ stdout: '345\n' });
    expect(await run(inUserNamespace(config))).toMatchObject({ stdout: '345\n' });
  });

  asRoot('is told of capabilities that are none, and has the others', async () => {
    const warnings: string[] = [];
    const capabilities = { bounding: ['CAP_KILL', 'CAP_FLY'], permitted: ['CAP_KILL'], ambient: ['CAP_KILL'] };
    const { stdout } = await run(
      baseConfig("grep -E 'Cap(Bnd|Prm|Amb)' /proc/self/status", { process: { capabilities } }),
      warnings,
    );
    expect(stdout.match(/[0-9a-f]{16}/g)).toEqual(['0000000000000020', '0000000000000020', '0000000000000000']);
    expect(warnings).toEqual([
      '$.process.capabilities has CAP_FLY, which is no capability and is left out',
      '$.process.capabilities.ambient has CAP_KILL, which is left out, being not both permitted and inheritable',
    ]);
  });
});

describe('namespaces of a configuration', () => {
  asRoot('its clocks are shifted', async () => {
    const config = baseConfig('cat /proc/uptime');
    const shifted = {
      ...config,
      linux: {
        ...config.linux,
        namespaces: [...(config.linux?.namespaces ?? []), { type: 'time' as const }],
        timeOffsets: { boottime: { secs: 1_000_000 }, monotonic: { secs: 5, nanosecs: 1 } },
      },
    };
    expect(Number((await run(shifted)).stdout.split(' ')[0])).toBeGreaterThan(1_000_000);
  });

  asRoot('those with a path are entered: a user namespace and what belongs to it', async () => {
    using other = await makeNamespaces({ user: true });
    const paths = Object.entries(other.paths);
    const joined = baseConfig(
      `${paths.map(([, path]) => `readlink /proc/self/ns/${path.split('/').at(-1)}`).join('; ')}; id -u`,
      {
        linux: {
          namespaces: [
            { type: 'mount' },
            { type: 'pid' },
            ...paths.map(([type, path]) => ({ type: type as 'network', path })),
          ],
        },
        process: { capabilities: {} },
      },
    );
    const { stdout, stderr } = await run(joined);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([...paths.map(([, path]) => readlinkSync(path)), '0', '']);
  });

  asRoot('the network of the host is entered before a user namespace that does not own it', async () => {
    using other = await makeNamespaces({ user: true });
    const { stdout } = await sh('readlink /proc/self/ns/net', {
      linux: {
        namespaces: [
          { type: 'user', path: other.paths['user'] ?? '' },
          { type: 'network', path: '/proc/self/ns/net' },
          { type: 'mount' },
          { type: 'pid' },
        ],
      },
      process: { capabilities: {} },
    });
    expect(stdout).toBe(`${readlinkSync('/proc/self/ns/net')}\n`);
  });

  asRoot('a process of the host that goes on is ended with the container, where it has no pid namespace', async () => {
    const { stdout } = await sh('sleep 1000 >/dev/null 2>&1 & echo $!', {
      linux: { namespaces: [{ type: 'mount' }, { type: 'ipc' }] },
    });
    const pid = Number(stdout);
    expect(pid).toBeGreaterThan(1);
    expect(isAlive(pid)).toBe(false);
  });

  needs.test(needs.root, {
    what: 'Linux 6.15',
    met: isAtLeast(kernelVersion(kernelRelease()), { major: 6, minor: 15 }),
  })('a further program in a mount namespace with others has the root of the container', async () => {
    const config = baseConfig('sleep 1000', { linux: { namespaces: [{ type: 'pid' }] } });
    const id = `${ID}-${++containers}`;
    await using box = await Container.runFrom({ prepare: () => prepareConfig(config, { bundle: bundle.path, id }) });
    const { stdout } = await box.exec(['sh', '-c', 'readlink /proc/self/ns/mnt; ls /full/one /boot']);
    expect(stdout).toBe(`${readlinkSync('/proc/self/ns/mnt')}\n/full/one\n`);
    expect(readlinkSync(`/proc/${box.pid}/ns/mnt`)).toBe(readlinkSync('/proc/self/ns/mnt'));
  });

  asRoot('with a new user namespace and no mount namespace nothing is done', async () => {
    const ids = [{ containerID: 0, hostID: 100000, size: 65536 }];
    const namespaces = [{ type: 'pid' as const }, { type: 'user' as const }];
    const linux = { namespaces, uidMappings: ids, gidMappings: ids };
    await expect(sh('true', { linux })).rejects.toMatchObject({
      path: '$.linux.namespaces',
    });
  });
});

describe('what this package says that it can do', () => {
  asRoot('is a valid document, and what it says that it cannot do is refused', async () => {
    const document = features({ ...configAbilities(), hooks: [] });
    expect(validateFeatures(document)).toBe(document);
    expect(document.linux?.netDevices).toEqual({ enabled: false });
    const linux = { ...baseConfig('').linux, netDevices: { eth0: {} } };
    await expect(sh('true', { linux })).rejects.toMatchObject({ path: '$.linux.netDevices' });
  });

  asRoot('hooks and terminals are for those who ask for more', async () => {
    const config = baseConfig('true');
    await expect(run({ ...config, hooks: { poststop: [{ path: '/bin/true' }] } })).rejects.toMatchObject({
      path: '$.hooks.poststop',
    });
    await expect(sh('true', { process: { terminal: true } })).rejects.toMatchObject({ path: '$.process.terminal' });
  });
});
