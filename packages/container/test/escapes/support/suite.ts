import { spawnSync } from 'node:child_process';
import { expectNothingLeft, findLeftovers, needs } from '@coracle/test-support';
import { afterAll, beforeAll, describe } from '@jest/globals';
import type { RunOptions } from '../../../src/index.ts';
import { byDescriptor } from '../../by-descriptor.ts';
import { type AttackPrograms, compileAttacks } from './attack-programs.ts';
import { type Answer, type Call, callInside, commandFor, type Door } from './calls.ts';
import { type Ended, openWay, WAYS, type Way, type WayName } from './ways.ts';

/** `test` for attacks: they need root, to be tried as everybody, and gcc. */
export const attack: ReturnType<typeof needs.test> = needs.test(needs.root, needs.program('gcc'));

/** The same for attacks that are made of instructions of this processor. */
export const attackOnPc: ReturnType<typeof needs.test> = needs.test(needs.root, needs.program('gcc'), {
  what: 'an x86-64 processor',
  met: process.arch === 'x64',
});

/** The same for attacks by the calls of a 32-bit program, which some kernels and hypervisors do not take at all. */
export function attackBy32Bits(): ReturnType<typeof needs.test> {
  const what = 'a kernel that takes 32-bit system calls';
  return needs.test(needs.root, needs.program('gcc'), { what, met: takes32BitCalls() });
}

function takes32BitCalls(): boolean {
  if (process.arch !== 'x64' || !needs.root.met || !needs.program('gcc').met) return false;
  using attacks = compileAttacks('call');
  const [program = '', ...args] = commandFor([['getpid']], { door: '32', directory: attacks.path });
  return spawnSync(program, args).status === 0;
}

/** Compiles programs before the tests of a file, and sees after them that nothing is left. */
export function prepareAttacks(...names: string[]): () => AttackPrograms {
  let attacks: AttackPrograms | undefined;
  let before: ReturnType<typeof findLeftovers>;
  beforeAll(() => {
    before = findLeftovers();
    if (needs.root.met && needs.program('gcc').met) attacks = compileAttacks(...names);
  });
  afterAll(async () => {
    attacks?.[Symbol.dispose]();
    await expectNothingLeft(before);
  });
  return () => {
    if (!attacks) throw new Error('no programs before the first test');
    return attacks;
  };
}

/** Containers of one way, with the programs of the suite in them. */
export interface Inside {
  name: WayName;
  /** Runs a command. */
  run(command: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Runs a line of shell and resolves with all it wrote. */
  sh(script: string, options?: RunOptions): Promise<string>;
  /** Makes calls, in one process of the container. */
  calls(calls: readonly Call[], options?: RunOptions & { door?: Door }): Promise<Answer[]>;
  /** Makes one. */
  call(call: Call, options?: RunOptions & { door?: Door }): Promise<Answer | undefined>;
}

/** The same attacks in every way of starting containers. */
export function inEachWay(
  title: string,
  attacks: () => AttackPrograms,
  body: (inside: Inside) => void,
  names: readonly WayName[] = WAYS,
): void {
  const group = (name: WayName): ReturnType<typeof needs.describe> =>
    // The files of a root of the host get the ids of the container.
    name === 'root in a user namespace' ? needs.describe(byDescriptor) : describe;
  for (const name of names)
    group(name)(`${title}, as ${name}`, () => {
      let way: Way;
      beforeAll(() => {
        if (needs.root.met) way = openWay(name);
      });
      afterAll(() => way?.[Symbol.dispose]());
      const withPrograms = (options: RunOptions = {}): RunOptions => ({
        ...options,
        volumes: [...(options.volumes ?? []), attacks().volume],
      });
      const run: Inside['run'] = (command, options) => way.run(command, withPrograms(options));
      const calls: Inside['calls'] = (list, options) => callInside(way, list, { attacks: attacks(), ...options });
      body({
        name,
        run,
        calls,
        sh: async (script, options) => {
          const { stdout, stderr } = await run(['sh', '-c', script], options);
          return stdout + stderr;
        },
        call: async (one, options) => (await calls([one], options))[0],
      });
    });
}
