import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BusyboxRootfs, findLeftovers, makeBusyboxRootfs, needs, recordedContainers } from '@coracle/test-support';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Container, run } from '../src/index.ts';

const root = needs.describe(needs.root, needs.program('busybox'));

root('run, as root', () => {
  let rootfs: BusyboxRootfs;
  let before: ReturnType<typeof findLeftovers>;

  beforeAll(() => {
    before = findLeftovers();
    rootfs = makeBusyboxRootfs();
  });

  afterAll(() => {
    rootfs[Symbol.dispose]();
    expect(findLeftovers()).toEqual(before);
    expect(recordedContainers()).toEqual([]);
    expect(readdirSync('/run/coracle/names')).toEqual([]);
  });

  const sh = (script: string, options: Parameters<typeof run>[2] = {}): ReturnType<typeof run> =>
    run('sh', ['-c', script], options);

  test('the exit code, the output and the error output come back', async () => {
    const result = await sh('echo out; echo err >&2; exit 42');
    expect(result).toMatchObject({
      exitCode: 42,
      signal: undefined,
      stdout: 'out\n',
      stderr: 'err\n',
      timedOut: false,
      oomKilled: false,
      limitHit: undefined,
    });
  });

  test('the program is process 1 of its own, and ps shows only the container', async () => {
    const { stdout } = await sh('echo $$; ls /proc | grep -c "^[0-9]"');
    const [pid, processes] = stdout.split('\n');
    expect(pid).toBe('1');
    expect(Number(processes)).toBeLessThanOrEqual(4);
  });

  test('its hostname is its own and the host keeps its name', async () => {
    const outside = hostname();
    const { stdout } = await sh('hostname; cat /etc/hostname', { hostname: 'boat' });
    expect(stdout).toBe('boat\nboat\n');
    expect(hostname()).toBe(outside);
  });

  test('in the host root nothing of the host is there but programs and settings', async () => {
    const { stdout } = await sh(
      'ls /home /root /var; ls /etc/shadow; touch /usr/x; touch /tmp/mine && echo written',
      {},
    );
    expect(stdout).toContain('written');
    expect(stdout).not.toContain('shadow');
    expect(existsSync('/usr/x')).toBe(false);
    expect(existsSync('/tmp/mine')).toBe(false);
  });

  test('a directory is used as root, and what is written there stays', async () => {
    const { stdout } = await run('sh', ['-c', 'echo $PATH; ls /; echo kept > /tmp/kept'], { root: rootfs.path });
    expect(stdout).toContain('bin\n');
    expect(readFileSync(join(rootfs.path, 'tmp/kept'), 'utf8')).toBe('kept\n');
  });

  test('an overlay root takes changes and throws them away', async () => {
    const overlaid = await run('sh', ['-c', 'echo new > /tmp/overlay; cat /tmp/overlay; rm /bin/ls'], {
      root: { path: rootfs.path, overlay: true },
    });
    expect(overlaid).toMatchObject({ exitCode: 0, stdout: 'new\n' });
    expect(existsSync(join(rootfs.path, 'tmp/overlay'))).toBe(false);
    expect(existsSync(join(rootfs.path, 'bin/ls'))).toBe(true);
  });

  test('a read-only root cannot be written, the directories in memory can', async () => {
    const { stdout, stderr } = await run('sh', ['-c', 'touch /x; touch /mem/x && echo in memory'], {
      root: rootfs.path,
      readOnly: true,
      tmpfs: [{ target: '/mem' }],
    });
    expect(stdout).toBe('in memory\n');
    expect(stderr).toContain('Read-only file system');
  });

  test('the host root can be read-only too', async () => {
    const { exitCode, stdout, stderr } = await sh(
      'cat /etc/hostname; touch /x /etc/x; touch /dev/shm/x && echo in memory',
      {
        readOnly: true,
        hostname: 'box',
      },
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'box\nin memory\n' });
    expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
  });

  test('volumes show directories and files of the host, read-only where asked', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'volume-'));
    writeFileSync(join(directory, 'file'), 'from the host\n');
    mkdirSync(join(directory, 'sub'));
    const { stdout, stderr } = await sh('cat /data/file /one; echo back > /data/sub/new; echo no > /ro/file', {
      volumes: [
        { source: directory, target: '/data' },
        { source: directory, target: '/ro', readOnly: true },
        { source: join(directory, 'file'), target: '/one' },
      ],
    });
    expect(stdout).toBe('from the host\nfrom the host\n');
    expect(stderr).toContain('Read-only file system');
    expect(readFileSync(join(directory, 'sub/new'), 'utf8')).toBe('back\n');
    rmSync(directory, { recursive: true });
  });

  test('the network is a loopback device that is up', async () => {
    const { stdout } = await sh('ls /sys/class/net; cat /sys/class/net/lo/flags');
    expect(stdout).toBe('lo\n0x9\n');
  });

  test('dangerous parts of /proc and /sys are hidden or read-only', async () => {
    const { stdout, stderr } = await sh(
      'wc -c < /proc/timer_list; ls /sys/firmware | wc -l; echo 1 > /proc/sys/kernel/panic; echo b > /proc/sysrq-trigger; touch /sys/x',
    );
    expect(stdout.trim().split(/\s+/)).toEqual(['0', '0']);
    expect(stderr.match(/Read-only file system/g)).toHaveLength(2 + (existsSync('/proc/sysrq-trigger') ? 1 : 0));
  });

  test('no new privileges, and no descriptor but 0, 1 and 2', async () => {
    const { stdout } = await run(
      'sh',
      ['-c', 'grep NoNewPrivs /proc/self/status; for fd in /proc/self/fd/*; do echo $fd; done'],
      {},
    );
    expect(stdout).toContain('NoNewPrivs:\t1');
    // The shell has opened the directory itself, for a moment, to list it.
    expect(stdout.match(/fd\/\d+/g)?.filter((fd) => !['fd/0', 'fd/1', 'fd/2', 'fd/3'].includes(fd))).toEqual([]);
  });

  test('users are looked up in the root', async () => {
    const { stdout } = await run('id', [], { root: rootfs.path, user: 'alice' });
    expect(stdout).toBe('uid=1234(alice) gid=1235(alice) groups=77(boats),1235(alice)\n');
    const home = await run('sh', ['-c', 'echo $HOME'], { root: rootfs.path, user: 'alice' });
    expect(home.stdout).toBe('/home/alice\n');
  });

  test('the working directory is made where it is missing', async () => {
    const { stdout } = await sh('pwd', { cwd: '/srv/deep/down' });
    expect(stdout).toBe('/srv/deep/down\n');
  });

  test('a working directory that is a door to the outside is refused', async () => {
    await expect(sh('pwd', { cwd: '/proc/self/fd/0' })).rejects.toMatchObject({ code: 'ELOOP', syscall: 'openat2' });
  });

  test('resource limits are set', async () => {
    const { stdout } = await sh('ulimit -n; ulimit -c', { rlimits: { nofile: 77, core: 0 } });
    expect(stdout).toBe('77\n0\n');
  });

  test('a soft resource limit holds, and can be raised up to the hard one', async () => {
    const { stdout } = await sh('ulimit -Sn; ulimit -Hn; ulimit -Sn 200; ulimit -Sn; ulimit -Sn 201', {
      rlimits: { nofile: { soft: 100, hard: 200 } },
    });
    expect(stdout).toBe('100\n200\n200\n');
  });

  test('input is passed on', async () => {
    const { stdout } = await run('cat', [], { input: 'through the hull' });
    expect(stdout).toBe('through the hull');
  });

  test('megabytes flow', async () => {
    const input = Buffer.alloc(8 << 20, 'x');
    const { stdout } = await run('cat', [], { input });
    expect(stdout).toHaveLength(input.length);
  });

  test('a program that writes more than may be kept is ended, and the result says why', async () => {
    const result = await run('yes', [], { maxOutput: 1000 });
    expect(result).toMatchObject({ signal: 'SIGKILL', limitHit: 'output' });
    expect(result.stdout).toHaveLength(1000);
  });

  test('time that is up ends everything in the container', async () => {
    const result = await sh('sleep 100 & sleep 100', { timeout: '200ms' });
    expect(result).toMatchObject({ timedOut: true, limitHit: 'time', signal: 'SIGKILL', exitCode: undefined });
  });

  test('aborting ends the container and rejects with the reason', async () => {
    const controller = new AbortController();
    const running = run('sleep', ['100'], { signal: controller.signal });
    await running.container;
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  test('a signal aborted before the container is there ends it too', async () => {
    const controller = new AbortController();
    const running = run('sleep', ['100'], { signal: controller.signal });
    controller.abort(new Error('never mind'));
    await expect(running).rejects.toThrow('never mind');
  });

  test('a container that has ended before this process looks has a result, and nobody is signalled in its place', async () => {
    await run('true'); // so that the rest of its start waits for nothing but the monitor
    const starting = Container.run({ command: ['true'], stdout: 'ignore', stderr: 'ignore' });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500); // busy with other work
    const box = await starting;
    expect(box.kill()).toBe(false);
    expect(await box.wait()).toMatchObject({ exitCode: 0, signal: undefined });
  });

  test('a signal that was aborted before starts nothing', async () => {
    await expect(run('true', [], { signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never');
  });

  test('a signal reaches the program', async () => {
    await using box = await Container.run({
      command: ['sh', '-c', 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done'],
    });
    for await (const line of box.stdout ?? []) {
      expect(line).toBe('ready');
      break;
    }
    expect(box.kill('SIGTERM')).toBe(true);
    await expect(box.wait()).resolves.toMatchObject({ exitCode: 5 });
  });

  test.each([
    ['no-such-program', 127, 'ENOENT'],
    ['/no/such/program', 127, 'ENOENT'],
    ['/etc/passwd', 126, 'EACCES'],
    ['/tmp', 126, 'EACCES'],
  ])('%s cannot be started: exit code %p', async (program, exitCode, code) => {
    await expect(run(program)).rejects.toMatchObject({
      name: 'ProgramError',
      exitCode,
      code,
      hint: expect.any(String),
    });
  });

  test.each([
    ['one argument too long', ['x'.repeat(131_072)], {}],
    ['one variable too long', [], { LONG: 'x'.repeat(131_072) }],
    ['too many arguments', Array<string>(60).fill('x'.repeat(131_000)), {}],
  ])('a program with %s is told how much it can have', async (_, args, env) => {
    await expect(run('true', args, { env })).rejects.toMatchObject({
      exitCode: 126,
      code: 'E2BIG',
      hint: expect.stringContaining('128 KiB'),
    });
    await expect(run('true', ['x'.repeat(131_071)])).resolves.toMatchObject({ exitCode: 0 });
  });

  test('a script whose interpreter is missing is not said to be missing itself', async () => {
    writeFileSync(join(rootfs.path, 'bin/script'), '#!/no/such/interpreter\n', { mode: 0o755 });
    await expect(run('script', [], { root: rootfs.path })).rejects.toThrow(
      'the file is there, but not the interpreter it names',
    );
  });

  test('a file that is no program says so', async () => {
    writeFileSync(join(rootfs.path, 'bin/garbage'), '\x01\x02\x03garbage', { mode: 0o755 });
    await expect(run('garbage', [], { root: rootfs.path })).rejects.toMatchObject({ code: 'ENOEXEC', exitCode: 126 });
  });

  test('with a user namespace its root is nobody on the host', async () => {
    const { stdout, isolation } = await sh('id -u; cat /proc/self/uid_map', { userNamespace: 'auto' });
    const [uid, map] = stdout.split('\n');
    expect(uid).toBe('0');
    expect(map?.trim().split(/\s+/)[1]).not.toBe('0');
    expect(isolation.userIds).toBe('range');
  });

  test('an init hands on signals, reaps orphans and passes the exit code on', async () => {
    const { stdout, exitCode } = await sh(
      'cat /proc/1/comm; tr "\\0" "\\n" < /proc/1/cmdline; (sleep 0.05 &) ; sleep 0.2; ls -d /proc/[0-9]* | wc -l; exit 9',
      { init: true },
    );
    expect(stdout).toMatch(/^coracle-init\ncoracle: container [0-9a-f]{12}\n/);
    expect(exitCode).toBe(9);
    const running = run('sleep', ['100'], { init: true });
    await running.container;
    await running.kill('SIGTERM');
    await expect(running).resolves.toMatchObject({ exitCode: 143 });
  });

  test('processor time and memory are measured', async () => {
    const result = await sh('i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done');
    expect(result.cpuTime).toBeGreaterThan(10);
    expect(result.cpuTime).toBeLessThan(result.duration * 4);
    expect(result.peakMemory).toBeGreaterThan(100_000);
  });

  test('what was in force is reported', async () => {
    const { isolation } = await run('true');
    expect(isolation).toMatchObject({
      userIds: 'host',
      root: 'host',
      network: 'none',
      noNewPrivileges: true,
      readOnlyRoot: false,
      agent: 'memfd',
    });
    expect(isolation.namespaces).toContain('time');
  });

  test('two hundred at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, index) => run('sh', ['-c', `echo ${index}`], { root: rootfs.path })),
    );
    expect(results.map(({ stdout }) => Number(stdout))).toEqual(Array.from({ length: 200 }, (_, index) => index));
  }, 60_000);
});

root('Container, as root', () => {
  test('it is created, started and waited for', async () => {
    await using box = await Container.create({ command: ['sh', '-c', 'echo one; echo two'] });
    expect(existsSync(`/proc/${box.pid}`)).toBe(true);
    await box.start();
    const lines: string[] = [];
    for await (const line of box.stdout ?? []) lines.push(line);
    expect(lines).toEqual(['one', 'two']);
    await expect(box.wait()).resolves.toMatchObject({ exitCode: 0 });
  });

  test.each(['create', 'run'] as const)(
    'a signal aborted meanwhile ends what %s makes, which rejects with the reason',
    async (make) => {
      const controller = new AbortController();
      const making = Container[make]({ command: ['sleep', '100'], signal: controller.signal });
      controller.abort(new Error('never mind'));
      await expect(making).rejects.toThrow('never mind');
      expect(recordedContainers()).toEqual([]);
    },
  );

  test('one whose time is up while it is set up says so', async () => {
    const tmpfs = Array.from({ length: 1500 }, (_, index) => ({ target: `/tmp/${index}` })); // much to do
    const making = Container.create({ command: ['sleep', '100'], tmpfs, timeout: 1 });
    await expect(making).rejects.toMatchObject({ code: 'ETIMEDOUT', message: expect.stringContaining('timeout 1') });
  });

  test('one that is never started leaves nothing when it is disposed of', async () => {
    let pid: number;
    {
      await using box = await Container.create({ command: ['true'] });
      pid = box.pid;
      expect(recordedContainers()).toContain(box.id);
    }
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(recordedContainers()).toEqual([]);
  });

  test('while it runs its state can be read', async () => {
    await using box = await Container.run({ command: ['sleep', '100'], name: 'statesman' });
    expect(JSON.parse(readFileSync(`/run/coracle/${box.id}/state.json`, 'utf8'))).toMatchObject({
      id: box.id,
      name: 'statesman',
      pid: box.pid,
      command: ['sleep', '100'],
      root: 'host',
    });
  });

  test('a name is taken until its container ends', async () => {
    {
      await using _first = await Container.run({ command: ['sleep', '100'], name: 'unique' });
      await expect(Container.run({ command: ['true'], name: 'unique' })).rejects.toMatchObject({
        code: 'EEXIST',
        message: expect.stringContaining('the name is in use'),
      });
    }
    await using second = await Container.run({ command: ['true'], name: 'unique' });
    await second.wait();
  });

  test('another program runs inside and sees what the first one sees', async () => {
    await using box = await Container.run({
      command: ['sh', '-c', 'echo secret > /tmp/shared; sleep 100'],
      hostname: 'boat',
      env: { COLOUR: 'blue' },
    });
    const { stdout } = await box.exec([
      'sh',
      '-c',
      'until [ -e /tmp/shared ]; do sleep 0.01; done; cat /tmp/shared; hostname; echo $COLOUR; cat /proc/1/comm; grep NoNewPrivs /proc/self/status',
    ]);
    expect(stdout).toBe('secret\nboat\nblue\nsh\nNoNewPrivs:\t1\n');
    await expect(box.exec(['sh', '-c', 'exit 3'])).resolves.toMatchObject({ exitCode: 3 });
    await expect(box.exec(['no-such-program'])).rejects.toMatchObject({ exitCode: 127 });
    await expect(box.exec(['pwd'], { cwd: '/usr' })).resolves.toMatchObject({ stdout: '/usr\n' });
  });

  test('nothing can be run inside one that has ended', async () => {
    await using box = await Container.run({ command: ['true'] });
    await box.wait();
    await expect(box.exec(['true'])).rejects.toMatchObject({ code: 'ESRCH' });
  });

  test('waiting can be given up without ending it', async () => {
    await using box = await Container.run({ command: ['sleep', '100'] });
    const controller = new AbortController();
    const waiting = box.wait({ signal: controller.signal });
    controller.abort(new Error('no patience'));
    await expect(waiting).rejects.toThrow('no patience');
    expect(existsSync(`/proc/${box.pid}`)).toBe(true);
  });

  test('an unknown signal is refused', async () => {
    await using box = await Container.run({ command: ['sleep', '100'] });
    expect(() => box.kill('SIGPARSEC')).toThrow("'SIGPARSEC' is no signal");
  });
});
describe('on any machine', () => {
  test('an option that cannot be meant rejects before anything is made', async () => {
    await expect(run('true', [], { timeout: 'soon' })).rejects.toMatchObject({
      code: 'ERR_CORACLE_OPTION',
      option: 'timeout',
    });
  });
});
