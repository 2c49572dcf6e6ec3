/** Waits that always end. */

/** Resolves as `promise` does, or rejects after `ms` with what was being waited for. `onTime` runs then. */
export async function within<T>(promise: Promise<T>, ms: number, what: string, onTime?: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    // Made here, so that the stack shows who waits rather than the timer.
    const error = new Error(`waited ${ms} ms in vain: ${what}`)
    timer = setTimeout(() => {
      onTime?.()
      reject(error)
    }, ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Lets real time go by, for what only time can show: an expiry, a lease, a quiet spell. The event loop turns as well:
 * on a busy machine many timers fire in one turn, and whoever reads the clock once in a turn would see no time pass.
 */
export function pass(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(() => setImmediate(resolve), ms))
}

/** Asks again until the answer is true. */
export async function until(met: () => boolean | Promise<boolean>, ms: number, what: string): Promise<void> {
  const end = performance.now() + ms
  while (!(await met())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await pass(5)
  }
}
