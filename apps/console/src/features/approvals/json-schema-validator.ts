import { Validator, type Schema } from '@cfworker/json-schema';
import {
  toErrorSchema,
  unwrapErrorHandler,
  validationDataMerge,
  createErrorHandler,
  type CustomValidator,
  type ErrorTransformer,
  type RJSFSchema,
  type RJSFValidationError,
  type UiSchema,
  type ValidatorType,
} from '@rjsf/utils';

/**
 * What forms are checked with. It interprets schemas where others compile them to functions, which this page's content security
 * policy does not let run.
 */
export const jsonSchemaValidator: ValidatorType = {
  validateFormData(
    formData,
    schema,
    customValidate?: CustomValidator,
    transformErrors?: ErrorTransformer,
    uiSchema?: UiSchema,
  ) {
    const found = errorsOf(schema, formData);
    const errors = transformErrors ? transformErrors(found, uiSchema) : found;
    const data = { errors, errorSchema: toErrorSchema(errors) };
    if (!customValidate) return data;
    const own = customValidate(formData, createErrorHandler(formData), uiSchema);
    return validationDataMerge(data, unwrapErrorHandler(own));
  },
  isValid: (schema, formData, rootSchema) =>
    validate({ ...schema, ...(rootSchema.$defs ? { $defs: rootSchema.$defs } : {}) }, formData).valid,
  rawValidation: (schema, formData) => ({ errors: errorsOf(schema, formData) as never[] }),
};

const validate = (schema: RJSFSchema, data: unknown) =>
  new Validator(schema as Schema, '2020-12', false).validate(data ?? {});

/** An error for each value that does not fit, at the value; not for what holds it. */
function errorsOf(schema: RJSFSchema, data: unknown): RJSFValidationError[] {
  return validate(schema, data)
    .errors.filter(({ keyword }) => keyword !== 'properties' && keyword !== 'items')
    .map(({ instanceLocation, error, keyword }) => {
      const property = instanceLocation.replace(/^#/, '').replaceAll('/', '.');
      const message = keyword === 'pattern' ? 'This does not have the form that the tool takes.' : error;
      return { name: keyword, property, message, stack: `${property} ${message}` };
    });
}
