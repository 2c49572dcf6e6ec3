/** Makes node_modules match package-lock.json: by `npm ci` under the given Node, or not at all where it does already. */
export function installDependencies(
  root: string,
  node: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void>
