/**
 * The interface that libraries of schemas share, such as Zod, Valibot and ArkType. It is only types: the package depends
 * on none of them.
 *
 * @see https://standardschema.dev
 * @module
 */

/** A schema of any library: it checks a value, and may convert it from `Input` to `Output`. */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What all libraries have in common. */
  readonly "~standard": StandardProperties<Input, Output>;
}

/** What a schema has for those who do not know its library. */
export interface StandardProperties<Input = unknown, Output = Input> {
  /** The version of the interface. */
  readonly version: 1;
  /** The library's name. */
  readonly vendor: string;
  /** Checks a value. */
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  /** For the compiler only. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
}

/** The outcome of a check: the value, which may be converted, or what is wrong with it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
export interface StandardIssue {
  /** What is wrong, for people. */
  readonly message: string;
  /** Where: names and indices, from the outermost. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
