import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { accountOf, delegatedCgroup, quote, scriptOf } from '../job.mjs';

const databases = {
  passwd: 'root:x:0:0:root:/root:/bin/bash\nada:x:1000:1001:Ada:/home/ada:/bin/sh\n',
  group: 'root:x:0:\nada:x:1001:\nvideo:x:44:bob,ada\naudio:x:45:bob\n',
};
const ada = { uid: 1000, gid: 1001, groups: [1001, 44], name: 'ada', home: '/home/ada' };

function sh(script) {
  return spawnSync('sh', ['-c', script], { encoding: 'utf8' });
}

describe('quote', () => {
  test('any text comes out of a shell as it went in', () => {
    const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0') && value.isWellFormed());
    fc.assert(
      fc.property(text, (value) => expect(sh(`printf %s ${quote(value)}`).stdout).toBe(value)),
      { numRuns: 50 },
    );
  });
});

describe('accountOf', () => {
  test.each(['ada', '1000'])('finds %s with all groups', (user) => {
    expect(accountOf(user, databases)).toEqual(ada);
  });

  test('a number nobody has is a user without groups and home', () => {
    expect(accountOf('4242', databases)).toEqual({ uid: 4242, gid: 4242, groups: [4242], name: '', home: '/' });
  });

  test('an unknown name is refused', () => {
    expect(() => accountOf('eve', databases)).toThrow(
      expect.objectContaining({ code: 'EUSAGE', message: 'There is no user eve in /etc/passwd' }),
    );
  });
});

describe('scriptOf', () => {
  const job = { command: ['printenv'], cwd: '/', env: { A: "it's", TMPDIR: '/tmp/of-the-host' } };

  test('the command gets its arguments and the environment, but no directories of the host', () => {
    const { stdout } = sh(scriptOf(job));
    expect(stdout).toBe("A=it's\n");
  });

  test('the command is run in the directory', () => {
    expect(sh(scriptOf({ ...job, command: ['/bin/pwd'], cwd: '/usr' })).stdout).toBe('/usr\n');
  });

  test('a failing command before the command ends the job', () => {
    const { stdout, status } = sh(scriptOf({ ...job, before: 'true\nsh -c "exit 3"' }));
    expect({ stdout, status }).toEqual({ stdout: '', status: 3 });
  });

  test.each(['/tmp', '/run', '/run/x', '/dev/shm'])(
    'a job in %s is refused, for the machine has another one',
    (cwd) => {
      expect(() => scriptOf({ ...job, cwd })).toThrow(expect.objectContaining({ code: 'EUSAGE' }));
    },
  );

  test('a directory whose name only begins like one of these is not', () => {
    expect(scriptOf({ ...job, cwd: '/tmpfiles' })).toContain("cd '/tmpfiles'");
    expect(scriptOf({ ...job, cwd: '/tmpfiles' })).not.toContain('mount');
  });

  test('below /tmp, of which it has its own, the machine is shown what the command starts in', () => {
    const script = scriptOf({ ...job, cwd: "/tmp/it's/a/checkout" }).split('\n');
    expect(script[0]).toBe(
      String.raw`mkdir '/tmp/it'\''s' && mount -o bind '/run/coracle-vm/host-tmp/it'\''s' '/tmp/it'\''s' || exit 125`,
    );
    expect(script[1]).toBe(String.raw`cd '/tmp/it'\''s/a/checkout' || exit 125`);
  });

  test('an account becomes the user with its groups and no others', () => {
    expect(scriptOf({ ...job, account: ada })).toContain('setpriv --reuid=1000 --regid=1001 --groups=1001,44 -- ');
  });

  test('only with a delegation there is a cgroup for the account', () => {
    expect(scriptOf({ ...job, account: ada })).not.toContain('cgroup');
    expect(scriptOf({ ...job, account: ada, delegate: true })).toContain(
      `'CORACLE_DELEGATED_CGROUP=${delegatedCgroup(1000)}'`,
    );
  });
});
