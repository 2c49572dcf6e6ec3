/** A fenced TypeScript block of a document. */
export interface Snippet {
  /** Where its fence stands. */
  readonly line: number
  /** With the blocks that it goes on from. */
  readonly code: string
  readonly runs: boolean
  /** What it has to print: the `output` block right after it. */
  readonly prints?: string
}

/**
 * The ```` ```ts ```` blocks of a page. Words after `ts`: `run` runs it too, and an ```` ```output ```` block after it
 * is what it prints; `follows` puts it below the block before it, whose names it uses.
 */
export function snippetsIn(markdown: string): Snippet[] {
  const found: Snippet[] = []
  let before = ''
  for (const { line, words, text } of fences(markdown)) {
    const [language, ...marks] = words
    if (language === 'ts') {
      before = marks.includes('follows') ? `${before}\n${text}` : text
      found.push({ line, code: before, runs: marks.includes('run') })
    } else if (language === 'output') {
      const last = found.pop()
      if (last) found.push({ ...last, prints: text })
    }
  }
  return found
}

function* fences(markdown: string): Generator<{ line: number; words: string[]; text: string }> {
  let open: { line: number; fence: string; words: string[]; text: string[] } | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, fence = '', rest = ''] = /^\s*(`{3,})(.*)$/.exec(line) ?? []
    if (open === undefined) {
      if (fence) open = { line: index + 1, fence, words: rest.trim().split(/\s+/), text: [] }
    } else if (fence.length >= open.fence.length && rest.trim() === '') {
      yield { line: open.line, words: open.words, text: open.text.join('\n') }
      open = undefined
    } else open.text.push(line)
  }
}
