/** The words of a text: the tables of names read better without a pair of quotes around each. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
