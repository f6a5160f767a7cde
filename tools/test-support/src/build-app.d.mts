/** Builds a command for tests, where what is there is not of the present sources. */
export function buildApp(app: string): void;
