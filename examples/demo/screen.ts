import { styleText } from 'node:util'

/** Bold, dim, red… where the terminal has it and NO_COLOR does not forbid it. */
export function style(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text)
}

export function print(text = ''): void {
  process.stdout.write(`${text}\n`)
}

/** A bar of so many characters for a part from 0 to 1, in eighths of one. */
export function bar(part: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * width * 8)
  return ('█'.repeat(eighths >> 3) + (' ▏▎▍▌▋▊▉'[eighths & 7] ?? '').trim()).padEnd(width)
}

/** How a count went over time: one character for each of `width` stretches, the fullest one a whole block. */
export function sparkline(times: readonly number[], span: number, width: number): string {
  const bins = Array.from({ length: width }, () => 0)
  for (const time of times) {
    const bin = Math.min(width - 1, Math.floor((time / span) * width))
    bins[bin] = (bins[bin] ?? 0) + 1
  }
  const most = Math.max(1, ...bins)
  return bins.map(count => (count === 0 ? ' ' : '▁▂▃▄▅▆▇█'[Math.ceil((count / most) * 8) - 1])).join('')
}

/** A line that tells how far it is: one that is redrawn on a terminal; elsewhere a plain one now and then. */
export class Progress {
  readonly #line: () => string
  readonly #timer: NodeJS.Timeout
  #drawn = false

  constructor(line: () => string) {
    this.#line = line
    this.#timer = process.stdout.isTTY
      ? setInterval(() => this.#redraw(), 80)
      : setInterval(() => print(this.#line()), 2_000)
  }

  close(): void {
    clearInterval(this.#timer)
    if (this.#drawn) process.stdout.write('\r\x1b[2K')
  }

  #redraw(): void {
    this.#drawn = true
    // A line that wraps could not be redrawn.
    process.stdout.write(`\r\x1b[2K${this.#line().slice(0, process.stdout.columns - 1)}`)
  }
}

/** `12,345`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** Milliseconds as a person reads them. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
