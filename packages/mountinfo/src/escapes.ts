const ESCAPE = /\\([0-3][0-7]{2})/g;

/** Undoes the kernel's octal escapes: `\040` is a space. A backslash that starts none stays, as some drivers print it. */
export function decodeEscapes(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(ESCAPE, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Writes white space, backslashes and the characters of `also` as the kernel does. */
export function encodeEscapes(text: string, also = ''): string {
  return text.replace(/[ \t\n\\#,]/g, (character) => {
    if ((character === '#' || character === ',') && !also.includes(character)) return character;
    return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
  });
}
