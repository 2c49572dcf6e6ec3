import { Random } from './random.ts'
import type { Target } from './target.ts'
import { ciphers } from './targets/ciphers.ts'
import { engine } from './targets/engine.ts'
import { greeting } from './targets/greeting.ts'
import { mechanisms } from './targets/mechanisms.ts'
import { webSocket } from './targets/websocket.ts'
import { wire } from './targets/wire.ts'

export const TARGETS: readonly Target[] = [greeting, wire, mechanisms, ciphers, engine, webSocket]

/** What a run has seen. */
export interface FuzzReport {
  readonly inputs: number
  readonly byTarget: ReadonlyMap<string, number>
  /** Milliseconds of the slowest input. */
  readonly slowest: number
}

/**
 * Feeds about `inputs` inputs to the targets, by their weights. Every input has a seed of its own, made of the run's and its number,
 * so that one alone can be repeated. Throws at the first that fails, with its target and seed.
 */
export function fuzz({
  inputs,
  seed,
  targets = TARGETS,
}: {
  inputs: number
  seed: number
  targets?: readonly Target[]
}): FuzzReport {
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0)
  const byTarget = new Map<string, number>()
  let total = 0
  let slowest = 0
  for (const target of targets) {
    const share = Math.ceil((inputs * target.weight) / weights)
    for (let i = 0; i < share; i++) slowest = Math.max(slowest, runOne(target, seed + i * 7919))
    byTarget.set(target.name, share)
    total += share
  }
  return { inputs: total, byTarget, slowest }
}

/** Runs the input with this seed; answers how long it took in milliseconds. */
export function runOne(target: Target, seed: number): number {
  const start = performance.now()
  try {
    target.run(new Random(seed))
  } catch (error) {
    throw new Error(`${target.name}, seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
  const took = performance.now() - start
  if (took > HANG) throw new Error(`${target.name}, seed ${seed}: took ${Math.round(took)} ms`)
  return took
}

// An input is handled in microseconds. Even on a busy machine this long is a loop that grows with its input.
const HANG = 5000
