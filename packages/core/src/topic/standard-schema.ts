/**
 * The part of the Standard Schema interface (version 1) that is used here. zod, valibot and arktype offer it, among
 * others; its types are matched by their structure, so that none of them is depended on.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Verdict<Output> | Promise<Verdict<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type Verdict<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] }

interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema takes. */
export type InputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input']
/** What comes out of a schema. */
export type OutputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output']

/** The issues in one line: `amount: expected a number; customer.id: is missing`. */
export function describe(issues: readonly Issue[]): string {
  return issues
    .slice(0, 5)
    .map(({ path, message }) => {
      const where = (path ?? []).map(step => String(typeof step === 'object' ? step.key : step)).join('.')
      return where === '' ? message : `${where}: ${message}`
    })
    .join('; ')
    .concat(issues.length > 5 ? `; and ${issues.length - 5} more` : '')
}
