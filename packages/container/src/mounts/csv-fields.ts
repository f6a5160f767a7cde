/**
 * The fields of a line of comma-separated values, as RFC 4180 has it: a field in quotes may hold commas, and a quote that is
 * doubled.
 * @returns the fields, or in words what is wrong with the text
 */
export function csvFields(text: string): string[] | { problem: string } {
  const fields: string[] = [];
  for (let at = 0; ; ) {
    const quoted = text[at] === '"' ? closeQuote(text, at + 1) : undefined;
    if (quoted === -1) return { problem: 'a quote is not closed' };
    const end = text.indexOf(',', quoted ?? at);
    const next = end < 0 ? text.length : end;
    const field = text.slice(at, next);
    if (quoted === undefined) {
      if (field.includes('"')) return { problem: `a quote stands in the middle of ${field}` };
      fields.push(field);
    } else {
      if (quoted !== next) return { problem: `something stands behind the quote: ${field}` };
      fields.push(field.slice(1, -1).replaceAll('""', '"'));
    }
    if (end < 0) return fields;
    at = end + 1;
  }
}

/** A field as {@link csvFields} reads it back. */
export function csvField(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Behind the quote that closes the field, or -1. */
function closeQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2))
    if (text[at + 1] !== '"') return at + 1;
  return -1;
}
