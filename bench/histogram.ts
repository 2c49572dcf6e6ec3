/**
 * Counts values in buckets that grow with them, so that any percentile comes out within 1 part in 32 of the truth,
 * whatever was recorded, in 32 KiB and without a sort. For latencies: give it nanoseconds or microseconds, whole numbers.
 */
export class Histogram {
  readonly #counts = new Float64Array(64 * 64)
  #total = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0

  /** Takes a value from 0 up; fractions are cut off. */
  record(value: number): void {
    const whole = Math.max(0, Math.floor(value))
    const bucket = bucketOf(whole)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#total++
    if (whole < this.#min) this.#min = whole
    if (whole > this.#max) this.#max = whole
  }

  get count(): number {
    return this.#total
  }

  get min(): number {
    return this.#total === 0 ? Number.NaN : this.#min
  }

  get max(): number {
    return this.#total === 0 ? Number.NaN : this.#max
  }

  /** The value that `percent` of all are at or below, from 0 to 100. NaN of nothing. */
  percentile(percent: number): number {
    if (this.#total === 0) return Number.NaN
    let left = Math.max(1, Math.ceil((percent / 100) * this.#total))
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count
      if (left <= 0) return Math.min(this.#max, Math.max(this.#min, highestIn(bucket)))
    }
    return this.#max
  }
}

// Below 64 each value has its own bucket. From there on each doubling has 32 of them… of the 64 that its row could hold
// the lower half stays empty, which keeps the arithmetic to one division.
function bucketOf(value: number): number {
  if (value < 64) return value
  const row = Math.floor(Math.log2(value)) - 5
  return row * 64 + Math.floor(value / 2 ** row)
}

function highestIn(bucket: number): number {
  const row = Math.floor(bucket / 64)
  return row === 0 ? bucket : ((bucket % 64) + 1) * 2 ** row - 1
}
