import type { Socket } from 'node:net'

/** What happens to bytes on their way. */
export interface Weather {
  /** Milliseconds that every byte is under way; 0 unless given. */
  readonly delay?: number
  /** Bytes a second; no bound unless given. */
  readonly rate?: number
  /** Nothing gets through, and neither side is told: the other half of the connection may go on. */
  readonly silent?: boolean
}

// How much may be under way before the sender is told to wait: what lies in the proxy is out of both sides' sight.
const room = 1024 * 1024

/** One direction of a proxied connection: what one socket sends reaches the other, as the weather allows. */
export class Lane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #underway: { readonly bytes: Buffer | 'end'; readonly due: number }[] = []
  #size = 0
  #weather: Weather = {}
  #timer: NodeJS.Timeout | undefined
  #draining = false
  #closed = false
  /** When the bytes forwarded so far have used up their share of `rate`. */
  #busyUntil = 0

  constructor(from: Socket, to: Socket) {
    this.#from = from
    this.#to = to
    from.on('data', bytes => this.#take(bytes))
    from.on('end', () => this.#take('end'))
  }

  get weather(): Weather {
    return this.#weather
  }

  set weather(weather: Weather) {
    this.#weather = weather
    this.#forward()
  }

  /** Forwards nothing more, and frees everything. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#underway.length = 0
  }

  #take(bytes: Buffer | 'end'): void {
    this.#underway.push({ bytes, due: performance.now() + (this.#weather.delay ?? 0) })
    this.#size += bytes === 'end' ? 0 : bytes.length
    if (this.#size > room) this.#from.pause()
    this.#forward()
  }

  #forward(): void {
    clearTimeout(this.#timer)
    while (!this.#closed && !this.#draining && !this.#weather.silent && this.#underway.length > 0) {
      const { bytes, due } = this.#underway[0]! // there is one
      const wait = Math.max(due, this.#busyUntil) - performance.now()
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#forward(), wait)
        return
      }
      if (bytes === 'end') this.#end()
      else this.#write(bytes, due)
    }
  }

  #end(): void {
    this.#underway.shift()
    this.#to.end()
  }

  /** Writes the first part, as much as 10 ms of the rate allow, or all of it. */
  #write(bytes: Buffer, due: number): void {
    const { rate } = this.#weather
    const share = rate === undefined ? bytes.length : Math.max(1, Math.floor(rate / 100))
    const part = bytes.subarray(0, share)
    if (rate !== undefined) this.#busyUntil = performance.now() + (part.length * 1000) / rate
    if (part.length < bytes.length) this.#underway[0] = { bytes: bytes.subarray(share), due }
    else this.#underway.shift()
    this.#size -= part.length
    if (this.#size <= room && this.#from.isPaused()) this.#from.resume()
    if (this.#to.destroyed || this.#to.write(part)) return
    this.#draining = true
    this.#to.once('drain', () => {
      this.#draining = false
      this.#forward()
    })
  }
}
