/** What a line of a schemata file gives, by domain: `L3:0=ff;1=f` gives `{ 0: 'ff', 1: 'f' }`. */
function parseShares(line: string): { resource: string; shares: Map<string, string> } {
  const [resource = '', text = ''] = line.split(':');
  const pairs = text.split(';').map((pair) => pair.split('='));
  return {
    resource: resource.trim(),
    shares: new Map(pairs.map(([domain = '', share = '']) => [domain.trim(), plain(share)])),
  };
}

/** The kernel writes masks with leading zeros, and numbers with spaces. */
function plain(share: string): string {
  return share
    .trim()
    .toLowerCase()
    .replace(/^0+(?=.)/, '');
}

/**
 * The first line that asks for another share than the text of a class's schemata file has. A domain that a line does not name may
 * have any.
 * @param lines as a configuration has them: `L3:0=ff;1=f`
 * @returns `undefined` when the class has them all
 * @see the kernel's filesystems/resctrl, "Schemata files"
 * @example
 * differingShare(['L3:0=ff'], '    L3:0=00ff;1=00ff\n'); // undefined
 */
export function differingShare(lines: readonly string[], schemata: string): string | undefined {
  const had = schemata
    .split('\n')
    .filter((line) => line.includes(':'))
    .map(parseShares);
  return lines.find((line) => {
    const { resource, shares } = parseShares(line);
    const own = had.find((one) => one.resource === resource)?.shares;
    return [...shares].some(([domain, share]) => own?.get(domain) !== share);
  });
}
