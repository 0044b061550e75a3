import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import Form from '@rjsf/mantine';
import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getV1ToolsOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { WhyNot } from '../../ui/confirm.js';
import { fieldName } from '../../ui/record-name.js';
import { Failed, Loading } from '../../ui/states.js';
import { editable, merged } from './editable.js';
import type { Whole } from './item.js';
import { jsonSchemaValidator } from './json-schema-validator.js';
import { useDecision } from './use-decision.js';

interface Props {
  item: Whole;
  reason: string;
  onReason: (reason: string) => void;
  onClose: () => void;
}

/** A form made of the tool's own schema; what comes of it is previewed and judged anew, and needs an approval of its own. */
export default function EditDialog({ item, onClose, ...said }: Props) {
  const tools = useQuery(getV1ToolsOptions());
  const tool = tools.data?.data.find(({ workflow, name }) => workflow === item.workflow && name === item.tool);
  return (
    <Modal opened onClose={onClose} title="Edit this" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      {tools.isPending && <Loading label="the tool's schema" lines={3} />}
      {tools.isError && <Failed error={tools.error} onRetry={() => void tools.refetch()} />}
      {tools.isSuccess && !tool && (
        <Alert color="yellow" title="The tool is not loaded">
          Nobody can say what would fit. Reject it, or load the workflow that has the tool.
        </Alert>
      )}
      {tool && (
        <EditForm item={item} schema={tool.input as RJSFSchema} narrows={tool.narrows} onClose={onClose} {...said} />
      )}
    </Modal>
  );
}

interface FormProps extends Props {
  schema: RJSFSchema;
  narrows: boolean;
}

function EditForm({ item, schema, narrows, reason, onReason, onClose }: FormProps) {
  const [data, setData] = useState(() => editable(schema, item.arguments).data);
  const form = editable(schema, item.arguments);
  const decide = useDecision(item, onClose);
  const isSame = JSON.stringify(data) === JSON.stringify(form.data);
  return (
    <Stack gap="md">
      <Text size="sm">
        What you change is previewed and judged again, and then needs an approval.{' '}
        {narrows ? 'If you only take away from it, you may approve it yourself.' : 'Somebody else has to approve it.'}
      </Text>
      <Form
        schema={form.schema}
        uiSchema={labelled(form.schema)}
        formData={data}
        validator={jsonSchemaValidator}
        showErrorList={false}
        templates={ERRORS_AT_FIELDS}
        noHtml5Validate
        idPrefix="edit"
        onChange={({ formData }) => setData(formData as Record<string, unknown>)}
        onSubmit={({ formData }) =>
          decide.mutate({
            path: { id: item.approvalId },
            body: {
              ...{ decision: 'edit', actionHash: item.actionHash, reason },
              arguments: merged(item.arguments, formData as Record<string, unknown>),
            },
          })
        }
      >
        <Stack gap="md" mt="md">
          <Textarea
            label="Why you change it"
            description="Kept in the trace with what you changed."
            maxLength={2000}
            required
            value={reason}
            onChange={(event) => onReason(event.currentTarget.value)}
          />
          {form.sealed.length > 0 && (
            <Text
              size="sm"
              c="dimmed"
            >{`Sealed, and left as they are: ${form.sealed.map(fieldName).join(', ')}.`}</Text>
          )}
          {decide.error && <WhyNot error={decide.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus>
              Cancel
            </Button>
            <Button type="submit" loading={decide.isPending} disabled={isSame || reason.trim() === ''}>
              Change it
            </Button>
          </Group>
        </Stack>
      </Form>
    </Stack>
  );
}

/** Each field says itself what is wrong with it: once is enough. */
const ERRORS_AT_FIELDS = { FieldErrorTemplate: () => null };

/** Names as people say them. */
const labelled = ({ properties = {} }: RJSFSchema): UiSchema =>
  Object.fromEntries(Object.keys(properties).map((name) => [name, { 'ui:title': fieldName(name) }]));
