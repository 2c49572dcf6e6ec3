import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['millrace-source', 'node', 'import', 'default'] } },
  resolve: { conditions: ['millrace-source', 'node', 'import', 'default'] },
  test: {
    include: ['packages/*/test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
