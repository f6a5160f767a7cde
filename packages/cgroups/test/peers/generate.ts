import type { CpuResources, MemoryResources, Resources, ThrottleDevice } from '@coracle/oci-spec';

/** What the machine has for resources to be about. */
export interface Ground {
  /** Of a whole disk. */
  disk: { major: number; minor: number } | undefined;
  /** Size of the huge pages, `'2MB'`. */
  hugePages: string | undefined;
  version: 1 | 2;
  /** What only newer peers know. */
  knows: { burst: boolean; idle: boolean };
}

/** A source of numbers that gives the same row for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number, both ends included; see Numerical Recipes, "An Even Quicker Generator". */
  between(least: number, most: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return least + Math.floor((this.#state / 2 ** 32) * (most - least + 1));
  }

  oneOf<T>(first: T, ...others: readonly T[]): T {
    return others[this.between(0, others.length) - 1] ?? first;
  }

  /** The value, or nothing, which is absent from the object it is spread into. */
  maybe<T extends object>(value: () => T): Partial<T> {
    return this.between(0, 1) === 1 ? value() : {};
  }
}

/** A block of resources that a new group can have. */
export function generateResources(dice: Dice, ground: Ground): Resources {
  return {
    ...dice.maybe(() => ({ memory: memory(dice, ground) })),
    ...dice.maybe(() => ({ cpu: cpu(dice, ground) })),
    ...dice.maybe(() => ({ pids: { limit: dice.oneOf(-1, dice.between(20, 30_000)) } })),
    ...dice.maybe(() => ({ blockIO: blockIO(dice, ground) })),
    ...(ground.hugePages === undefined
      ? {}
      : dice.maybe(() => ({
          hugepageLimits: [{ pageSize: `${ground.hugePages}`, limit: dice.between(0, 50) * (2 << 20) }],
        }))),
    ...(ground.version === 1
      ? {}
      : dice.maybe(() => ({
          unified: {
            'memory.high': dice.oneOf('max', String(dice.between(32, 512) << 20)),
            'cgroup.max.depth': String(dice.between(1, 9)),
            ...dice.maybe(() => ({ 'memory.min': String(dice.between(0, 32) << 20) })),
            ...dice.maybe(() => ({ 'memory.oom.group': '1' })),
          },
        }))),
  };
}

const MEGABYTE = 1 << 20;

function memory(dice: Dice, { version }: Ground): MemoryResources {
  // Not only whole pages: the kernel rounds.
  const limit = dice.oneOf(-1, dice.between(48, 512) * MEGABYTE + dice.between(0, 4095));
  const swap = limit === -1 ? -1 : dice.oneOf(-1, limit, limit + dice.between(0, 256) * MEGABYTE);
  return {
    ...dice.maybe(() => ({ limit, ...dice.maybe(() => ({ swap })) })),
    ...dice.maybe(() => ({ reservation: dice.oneOf(-1, dice.between(1, 64) * MEGABYTE) })),
    ...(version === 1 ? dice.maybe(() => ({ swappiness: dice.between(0, 100) })) : {}),
    ...(version === 1 ? dice.maybe(() => ({ disableOOMKiller: true })) : {}),
  };
}

function cpu(dice: Dice, { version, knows }: Ground): CpuResources {
  const period = dice.between(1000, 1_000_000);
  const quota = dice.oneOf(-1, dice.between(1000, 2_000_000));
  const realtimePeriod = dice.between(100_000, 1_000_000);
  return {
    ...dice.maybe(() => ({ shares: dice.oneOf(2, 1024, 262_144, dice.between(2, 262_144)) })),
    ...dice.maybe(() => ({ quota, ...dice.maybe(() => ({ period })) })),
    ...(knows.burst && quota > 0 ? dice.maybe(() => ({ quota, burst: dice.between(0, quota) })) : {}),
    ...(knows.idle ? dice.maybe(() => ({ idle: dice.oneOf(0, 1) })) : {}),
    ...(version === 1
      ? dice.maybe(() => ({ realtimePeriod, realtimeRuntime: dice.between(1, Math.floor(realtimePeriod / 4)) }))
      : {}),
    ...dice.maybe(() => ({ cpus: dice.oneOf('0', '1', '0-1', '0,1'), mems: '0' })),
  };
}

function blockIO(dice: Dice, { disk }: Ground): NonNullable<Resources['blockIO']> {
  const throttle = (): ThrottleDevice[] => (disk ? [{ ...disk, rate: dice.between(1, 2 ** 31) }] : []);
  return {
    ...dice.maybe(() => ({ weight: dice.between(10, 1000) })),
    ...dice.maybe(() => ({ throttleReadBpsDevice: throttle() })),
    ...dice.maybe(() => ({ throttleWriteBpsDevice: throttle() })),
    ...dice.maybe(() => ({ throttleReadIOPSDevice: throttle() })),
    ...dice.maybe(() => ({ throttleWriteIOPSDevice: throttle() })),
  };
}
