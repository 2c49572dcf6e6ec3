interface Place {
  readonly served: () => void
}

/** Those who wait for a place, first come first served. One who leaves the line loses nothing for the others. */
export class WaitingLine {
  readonly #places = new Set<Place>()

  get size(): number {
    return this.#places.size
  }

  /** Resolves when served; rejects with the signal's reason when that comes first. */
  join(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const onAbort = (): void => {
        this.#places.delete(place)
        reject(signal?.reason as Error)
      }
      const place: Place = {
        served: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      this.#places.add(place)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Serves the first. False when nobody waits. */
  serve(): boolean {
    for (const place of this.#places) {
      this.#places.delete(place)
      place.served()
      return true
    }
    return false
  }
}
