/** What a queue tells the two ends of it. Every call is made synchronously from a method of the queue. */
export interface QueueEvents {
  /** Something came into an empty queue. */
  filled(): void
  /** Whoever takes from the queue may take now: a slab has no room for another message like the last, or the mark is reached and a writer is about to be refused. */
  full(): void
  /** A writer had been refused and there is room again. */
  room(): void
}
