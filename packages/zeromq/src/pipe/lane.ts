import type { Filter } from './filter.ts'
import type { Frames } from './frames.ts'
import type { Packing } from './packing.ts'
import type { Outgoing } from './part.ts'

/**
 * The messages between a socket and one peer in one direction, first in, first out, as a pipe sees them: a `Queue` towards a
 * connection, a `Mailbox` towards another socket. Messages are written whole or not at all; the high-water mark counts them.
 */
export interface Lane {
  /** Whole messages that wait. */
  readonly length: number
  /** The high-water mark in messages; 0: none. It may change at any time. */
  mark: number
  /** True: it holds one message, the newest, and the mark does not matter. */
  conflate: boolean
  /** True when there is nothing at all to take: no message and no command. */
  readonly empty: boolean
  /** The first frame of the next message after a `peek` that was true: the octets `[from, to)` of `bytes`, and its flags. */
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
  readonly flags: number
  /** True when a write would be accepted now; a refusal is followed by the event `room`. */
  room(): boolean
  /** Takes the frames of `envelope`, then those of `message` from index `from` on, as one message. False: full, and nothing was taken. */
  write(message: Outgoing, envelope?: readonly Uint8Array[], from?: number): boolean
  /**
   * Takes messages from index `from` on, as far as they are one frame of octets each and there is room. Answers how many; `write` tells
   * why not the next.
   */
  writeMany(messages: readonly unknown[], from: number): number
  /** Takes a message whatever the mark is, also after `seal`. */
  inject(message: Outgoing): void
  /** Takes a command, whatever the mark is. */
  command(body: Uint8Array): void
  /** Looks at the first frame of the next message or command. False: there is none. */
  peek(): boolean
  /**
   * The next message as frames that the caller owns, after `lead` where it is given; undefined: there is none. A command's body counts
   * as a frame; `flags` tells that it was one.
   */
  read(frames: Frames, lead?: Buffer): Buffer[] | undefined
  /** The next messages, added to `into` until it has `max`; what `filter` does not want, and commands, are dropped. */
  readMany(frames: Frames, into: Buffer[][], max: number, filter?: Filter): void
  /** The next messages, packed, until `into` has `max` or enough octets; what `filter` does not want, and commands, are dropped. */
  readPacked(into: Packing, max: number, filter?: Filter): void
  /** The next message that `filter` wants; those before it, and commands, are dropped. */
  readWanted(frames: Frames, filter: Filter): Buffer[] | undefined
  /** Drops the next message or command. */
  skip(): void
  /** Takes no more; what waits can still be read. */
  seal(): void
  /** Drops everything and takes no more. Answers how many messages were dropped. */
  close(): number
}
