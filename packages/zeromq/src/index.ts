/// <reference types="node" preserve="true" />
export { Context, context } from './context.ts'
export { curveKeyPair, type CurveKeyPair } from './curve.ts'
export { Observer } from './observer.ts'
export type { AuthError, ErrnoError, Event, EventOfType, EventSubscriber, EventType, ProtoError } from './observer.ts'
export { Proxy } from './proxy.ts'
export * from './sockets.ts'
export { capability, version } from './version.ts'
