/** Has an executable that Bun has made ask for huge pages for its heap; says whether its option was found. */
export function askForHugePages(path: string): boolean;
