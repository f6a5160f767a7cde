import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { runConfig } from '@coracle/container/config';
import { PLAIN_USER } from '@coracle/test-support';
import { expect } from '@jest/globals';
import type { RunOptions } from '../../src/index.ts';
import { baseConfig } from '../oci/support/base-config.ts';
import { shWithOwnMounts } from './support/on-host.ts';
import { type Outcome, RACE_TIMEOUT_MS, type Race, race } from './support/race.ts';
import { makeScene, type Scene } from './support/scene.ts';
import { attack, inEachWay, prepareAttacks } from './support/suite.ts';
import { startWorker } from './support/ways.ts';

const attacks = prepareAttacks('call', 'swap');

/** What a start may answer when it finds a link where a directory was a moment ago. */
const CAUGHT = /^(ENOENT|ENOTDIR|ELOOP|EAGAIN|EEXIST|EXDEV|EINVAL|ENODEV|ERR_CORACLE_OPTION)$/;

/** What a container wrote; undefined for one that noticed the trick and gave up, which is a defence as well. */
async function outputOf(start: Promise<{ stdout: string; stderr: string }>): Promise<string | undefined> {
  try {
    return (await start).stdout;
  } catch (error) {
    expect(String(Object(error).code ?? error)).toMatch(CAUGHT);
    return undefined;
  }
}

function expectSafe({ wasFooled, rounds, swaps }: Outcome): void {
  expect(wasFooled).toBe(true);
  expect(rounds).toBeGreaterThan(10);
  expect(swaps).toBeGreaterThan(1000);
}

/** In the root: the directory `name`, and the link `swapped` to the outside that takes its place again and again. */
function plantLink(scene: Scene, name: string, target = scene.outside): Race['names'] {
  const names = [join(scene.root, name), join(scene.root, 'swapped')] as const;
  mkdirSync(names[0], { recursive: true });
  chmodSync(names[0], 0o777);
  symlinkSync(target, names[1]);
  return names;
}

inEachWay(
  'a second process that swaps a directory and a link',
  attacks,
  ({ run: start }) => {
    attack(
      'CVE-2021-30465, CVE-2024-45310: brings no mount, no directory and no file to the host',
      async () => {
        using scene = makeScene();
        const names = plantLink(scene, 'trap');
        const before = scene.inventory();
        const covers = `mount -t tmpfs none ${scene.root}/trap && ls ${scene.outside}/canary`;
        const isCovered = (): boolean => shWithOwnMounts(covers).includes('No such file');
        const makes = (number: number): readonly RunOptions[] => {
          const target = `/trap/made-${number}/deep`;
          return [
            { volumes: [{ source: scene.root, target }] },
            { volumes: [{ source: join(scene.root, 'etc/group'), target }] },
            { tmpfs: [{ target }] },
            { cwd: target },
          ];
        };
        const outcome = await race(attacks(), {
          names,
          naive: isCovered,
          round: async (number) => {
            const options = makes(number)[number % 4];
            expect(['', undefined]).toContain(await outputOf(start(['true'], { root: scene.root, ...options })));
          },
        });
        expectSafe(outcome);
        expect(scene.inventory()).toBe(before);
        // What was made, was made in the root.
        expect(existsSync(join(scene.outside, 'canary'))).toBe(true);
        expect(
          readdirSync(names[0])
            .concat(readdirSync(names[1]))
            .some((name) => name.startsWith('made-')),
        ).toBe(true);
      },
      RACE_TIMEOUT_MS,
    );

    for (const [title, directory] of [
      ['CVE-2019-19921, CVE-2025-52881: /proc', 'proc'],
      ['CVE-2026-41579: /dev', 'dev'],
      ['/sys', 'sys'],
    ] as const)
      attack(
        `${title} is itself or nowhere, with all that hides and protects it`,
        async () => {
          using scene = makeScene();
          const names = plantLink(scene, directory);
          const before = scene.inventory();
          const naive = `mount -t tmpfs none ${names[0]} && ls ${scene.outside}/canary`;
          const look =
            'for p in /proc /sys /swapped; do cat $p/keys $p/timer_list; ls $p/firmware; for f in sys/kernel/core_pattern kernel/profiling; do (: >> $p/$f) && echo writable; done; done';
          const outcome = await race(attacks(), {
            names,
            naive: () => shWithOwnMounts(naive).includes('No such file'),
            round: async () => {
              const output = await outputOf(start(['sh', '-c', look], { root: scene.root }));
              expect(['', undefined]).toContain(output);
            },
          });
          expectSafe(outcome);
          expect(scene.inventory()).toBe(before);
        },
        RACE_TIMEOUT_MS,
      );

    attack(
      'CVE-2019-5736: starts a program of the root, or none',
      async () => {
        using scene = makeScene();
        const script = (text: string): string => `#!/bin/sh\necho ${text}\n`;
        const names = [join(scene.root, 'program'), join(scene.root, 'swapped')] as const;
        writeFileSync(names[0], script('inside'), { mode: 0o755 });
        writeFileSync(join(scene.outside, 'program'), script('outside'), { mode: 0o755 });
        symlinkSync(join(scene.outside, 'program'), names[1]);
        const outcome = await race(attacks(), {
          names,
          naive: () => shWithOwnMounts(names[0]).includes('outside'),
          round: async () => {
            const output = await outputOf(start(['/program'], { root: scene.root }));
            // The shell opens the script once more, and may find the link by then.
            expect(['inside\n', '', undefined]).toContain(output);
          },
        });
        expectSafe(outcome);
      },
      RACE_TIMEOUT_MS,
    );

    attack(
      'CVE-2018-15664: makes nobody of the root somebody of the host',
      async () => {
        using scene = makeScene();
        writeFileSync(join(scene.outside, 'passwd'), 'alice:x:0:0:Alice:/root:/bin/sh\n');
        writeFileSync(join(scene.outside, 'group'), '');
        const names = plantLink(scene, 'etc');
        writeFileSync(join(names[0], 'passwd'), 'alice:x:0:1235:Alice:/inside:/bin/sh\n');
        const outcome = await race(attacks(), {
          names,
          naive: () => readFileSync(join(names[0], 'passwd'), 'utf8').includes('/root:'),
          round: async () => {
            // One user id is all that an ordinary user has: which alice was found, her home tells.
            const home = ['sh', '-c', 'echo $HOME'];
            const output = await outputOf(start(home, { root: scene.root, user: 'alice:0' }));
            expect(['/inside\n', undefined]).toContain(output);
          },
        });
        expectSafe(outcome);
      },
      RACE_TIMEOUT_MS,
    );
  },
  ['root', 'an ordinary user'],
);

for (const [who, ids] of [
  ['root', {}],
  ['an ordinary user', { uid: PLAIN_USER, gid: PLAIN_USER }],
] as const)
  attack(
    `CVE-2024-21626: a working directory that changes places with a link to a descriptor is never outside, as ${who}`,
    async () => {
      using scene = makeScene();
      const names = plantLink(scene, 'work', '/proc/self/fd/0');
      const outside = openSync(scene.outside, constants.O_RDONLY | constants.O_DIRECTORY);
      using worker = startWorker({ ...ids, stdio: ['pipe', 'pipe', 'inherit', outside] });
      closeSync(outside);
      const outcome = await race(attacks(), {
        names,
        naive: () => shWithOwnMounts(`cd ${names[0]} < ${scene.outside} && cat canary`).includes('alive'),
        round: async () => {
          const command = ['sh', '-c', 'pwd; cat canary'];
          const output = await outputOf(worker.run(command, { root: scene.root, cwd: '/work', stdin: 3 }));
          expect(output ?? '').not.toContain('alive');
        },
      });
      expectSafe(outcome);
    },
    RACE_TIMEOUT_MS,
  );

attack(
  'CVE-2026-41579: the nodes of a configuration are made inside or nowhere, and what is copied comes from inside',
  async () => {
    using scene = makeScene();
    const names = plantLink(scene, 'trap');
    writeFileSync(join(names[0], 'canary'), 'inside\n');
    const before = scene.inventory();
    const config = baseConfig('cat /trap/* 2>/dev/null; true', {
      mounts: [{ destination: '/trap', type: 'tmpfs', options: ['tmpcopyup'] }],
      linux: {
        devices: [{ path: '/trap/deep/node', type: 'c', major: 1, minor: 3, fileMode: 0o666 }],
      },
    });
    const outcome = await race(attacks(), {
      names,
      naive: () => readFileSync(join(names[0], 'canary'), 'utf8').includes('alive'),
      round: async (number) => {
        const start = runConfig(
          { ...config, root: { path: scene.root } },
          { bundle: scene.root, id: `coracle-race-${process.pid}-${number}` },
        );
        expect(['inside\n', '', undefined]).toContain(await outputOf(start));
      },
    });
    expectSafe(outcome);
    expect(scene.inventory()).toBe(before);
  },
  RACE_TIMEOUT_MS,
);
