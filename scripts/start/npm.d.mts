/** What stops a start and is the reader's to mend: shown without a stack. */
export class StartError extends Error {}

/**
 * Runs npm's own JavaScript under the given Node, with a line of progress on standard error. Its output is shown only
 * when it fails. Throws StartError.
 */
export function npm(
  args: readonly string[],
  how: {
    readonly node: string
    readonly cwd: string
    readonly env: Readonly<Record<string, string | undefined>>
    readonly doing: string
  },
): Promise<void>
