/**
 * The slice that a group of this name is to systemd: one of `jobs-` lies in that of `jobs`, and what would mean something in the
 * name of a unit is written as systemd-escape(1) does.
 * @example
 * sliceOf('jobs/build-1'); // 'jobs-build\\x2d1.slice'
 */
export function sliceOf(name: string): string {
  return `${name.split('/').map(escapeName).join('-')}.slice`;
}

function escapeName(name: string): string {
  const bytes = [...Buffer.from(name)].map((byte, index) => {
    const letter = String.fromCharCode(byte);
    return /[\w:]/.test(letter) || (letter === '.' && index > 0) ? letter : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return bytes.join('');
}
