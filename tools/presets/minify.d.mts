/** Minifies an expression. */
export function minify(expression: string): Promise<string>;
