// As much of JSON Schema 2020-12 as Learnwire's schemas use, so that a publisher without Python can check what it sends.
// `faults(schema, value)` gives [] or a list of "path: rule"; no values are told.

const kinds = {
  string: (v) => typeof v === "string",
  integer: Number.isSafeInteger, // beyond 2^53 Node would send another number than was meant
  number: (v) => typeof v === "number" && Number.isFinite(v),
  boolean: (v) => typeof v === "boolean",
  null: (v) => v === null,
  array: Array.isArray,
  object: (v) => v !== null && typeof v === "object" && !Array.isArray(v),
};
const letters = (text) => [...text].length; // a schema counts code points

const rules = {
  type: (want, v) => [want].flat().some((kind) => kinds[kind](v)),
  enum: (want, v) => want.includes(v),
  const: (want, v) => want === v,
  minLength: (want, v) => !kinds.string(v) || letters(v) >= want,
  maxLength: (want, v) => !kinds.string(v) || letters(v) <= want,
  pattern: (want, v) => !kinds.string(v) || new RegExp(want, "u").test(v),
  minimum: (want, v) => !kinds.number(v) || v >= want,
  maximum: (want, v) => !kinds.number(v) || v <= want,
  exclusiveMinimum: (want, v) => !kinds.number(v) || v > want,
  exclusiveMaximum: (want, v) => !kinds.number(v) || v < want,
  minItems: (want, v) => !kinds.array(v) || v.length >= want,
  maxItems: (want, v) => !kinds.array(v) || v.length <= want,
  required: (want, v) => !kinds.object(v) || want.every((name) => name in v),
};

export function faults(schema, value, path = "data", whole = schema) {
  if (schema.$ref) return faults(whole.$defs[schema.$ref.split("/").pop()], value, path, whole);
  const found = Object.entries(rules)
    .filter(([rule, holds]) => rule in schema && !holds(schema[rule], value))
    .map(([rule]) => `${path}: ${rule}`);
  const inner = (each, item, at) => found.push(...faults(each, item, at, whole));
  const passes = (each) => faults(each, value, path, whole).length === 0;
  if (schema.not && passes(schema.not)) found.push(`${path}: not`);
  if (schema.anyOf && !schema.anyOf.some(passes)) found.push(`${path}: anyOf`);
  for (const each of schema.allOf ?? []) inner(each, value, path);
  const branch = schema.if && (passes(schema.if) ? schema.then : schema.else);
  if (branch) inner(branch, value, path);
  if (schema.items && kinds.array(value)) value.forEach((item, at) => inner(schema.items, item, `${path}[${at}]`));
  if (kinds.object(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (schema.properties?.[name]) inner(schema.properties[name], item, `${path}.${name}`);
      else if (schema.additionalProperties === false) found.push(`${path}.${name}: no such field`);
      else if (kinds.object(schema.additionalProperties)) inner(schema.additionalProperties, item, `${path}.${name}`);
      if (schema.propertyNames) inner(schema.propertyNames, name, `${path}.${name}`);
    }
  }
  return found;
}
