// Runs a program that imports `zeromq` over `@millrace/zeromq` instead:
//   node --import ./examples/zeromq/switch.ts examples/zeromq/01-hello-world/main.ts
import { registerHooks } from 'node:module'

registerHooks({
  resolve: (specifier, context, next) =>
    next(
      specifier === 'zeromq' ? '@millrace/zeromq' : specifier === 'zeromq/draft' ? '@millrace/zeromq/draft' : specifier,
      context,
    ),
})
