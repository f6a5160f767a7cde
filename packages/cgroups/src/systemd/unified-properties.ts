import { number, type Property, perSecond, set } from './property.ts';

/** Files of version 2 whose text is one number, and the property that systemd writes there. */
const NUMBERS: Readonly<Record<string, string>> = {
  'cpu.weight': 'CPUWeight',
  'memory.high': 'MemoryHigh',
  'memory.low': 'MemoryLow',
  'memory.max': 'MemoryMax',
  'memory.min': 'MemoryMin',
  'memory.swap.max': 'MemorySwapMax',
  'memory.zswap.max': 'MemoryZSwapMax',
  'pids.max': 'TasksMax',
};
const SETS: Readonly<Record<string, string>> = { 'cpuset.cpus': 'AllowedCPUs', 'cpuset.mems': 'AllowedMemoryNodes' };

/**
 * The properties that stand for files of version 2. Files that systemd has none for, and texts that the kernel may take but that
 * are no plain numbers, are left to who writes the files.
 * @param unified texts by file
 * @param controllers that systemd can limit with; all if absent
 * @returns with the files that no property stands for
 * @see systemd.resource-control(5)
 * @example
 * unifiedProperties({ 'pids.max': '20', 'cpu.pressure': '1' }).others; // ['cpu.pressure']
 */
export function unifiedProperties(
  unified: Readonly<Record<string, string>>,
  controllers?: ReadonlySet<string>,
): { properties: Property[]; others: string[] } {
  const found = Object.entries(unified).map(([file, text]) => {
    const isGiven = controllers?.has(file.slice(0, file.indexOf('.'))) ?? true;
    return { file, properties: isGiven ? propertiesOf(file, text.trim()) : [] };
  });
  return {
    properties: found.flatMap(({ properties }) => properties),
    others: found.filter(({ properties }) => properties.length === 0).map(({ file }) => file),
  };
}

function propertiesOf(file: string, text: string): Property[] {
  const amount = /^(\d+|max)$/.test(text) ? text : undefined;
  const list = SETS[file];
  const plain = NUMBERS[file];
  if (plain !== undefined && amount !== undefined)
    return present(number(plain, amount === 'max' ? 'max' : BigInt(amount)));
  if (list !== undefined && /^\d[\d,-]*$/.test(text)) return present(set(list, text));
  if (file === 'cpu.max') return quota(text);
  return [];
}

function quota(text: string): Property[] {
  const [, amount, period = '100000'] = /^(\d+|max)(?:\s+(\d+))?$/.exec(text) ?? [];
  if (amount === undefined) return [];
  const quotaUsec = amount === 'max' ? amount : Number(amount);
  return present(
    number('CPUQuotaPerSecUSec', perSecond(quotaUsec, Number(period))),
    number('CPUQuotaPeriodUSec', Number(period)),
  );
}

function present(...properties: (Property | undefined)[]): Property[] {
  return properties.filter((one) => one !== undefined);
}
