/** The path of the given major version of Node in the cache folder, fetched through npm the first time. */
export function fetchNode(major: number): Promise<string>
