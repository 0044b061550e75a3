import { Accordion, Stack, Table, Text } from '@mantine/core';
import { Facts } from '../../ui/facts.js';
import { fieldName, toolName } from '../../ui/record-name.js';
import { argumentsOf, type Argument } from './tools.js';
import { classOf, effectOf, needsOf, type Tool } from './workflow.js';

/** Each tool's contract, opened where one wants it: what it is given and how that is kept. */
export const ToolList = ({ tools }: { tools: Tool[] }) => (
  <Accordion multiple order={2} variant="contained">
    {tools.map((tool) => (
      <Accordion.Item key={tool.name} value={tool.name}>
        <Accordion.Control>
          <Text fw={600}>{toolName(tool.name)}</Text>
          <Text size="sm" c="dimmed">
            {tool.description}
          </Text>
        </Accordion.Control>
        <Accordion.Panel>
          <Contract tool={tool} />
        </Accordion.Panel>
      </Accordion.Item>
    ))}
  </Accordion>
);

function Contract({ tool }: { tool: Tool }) {
  return (
    <Stack gap="sm">
      <Facts
        facts={{
          'What it does': effectOf(tool),
          'After a lost answer': tool.class && classOf(tool.class),
          'Done means': tool.done,
          'Needs a person': needsOf(tool).join('; '),
          'Talks to': tool.target,
          Version: tool.version,
        }}
      />
      <Arguments tool={tool.name} given={argumentsOf(tool)} />
    </Stack>
  );
}

const Arguments = ({ tool, given }: { tool: string; given: Argument[] }) => (
  <Table.ScrollContainer
    minWidth={480}
    type="native"
    tabIndex={0}
    role="region"
    aria-label={`Arguments of ${toolName(tool)}`}
  >
    <Table aria-label={`Arguments of ${toolName(tool)}`}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">Argument</Table.Th>
          <Table.Th scope="col">What it takes</Table.Th>
          <Table.Th scope="col">Data class</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {given.map(({ name, required, takes, description, dataClass }) => (
          <Table.Tr key={name}>
            <Table.Th scope="row">
              {fieldName(name)}
              {!required && ' (may be left out)'}
            </Table.Th>
            <Table.Td>
              {description && <div>{description}</div>}
              <Text size="xs" c="dimmed">
                {takes}
              </Text>
            </Table.Td>
            <Table.Td>{dataClass}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </Table.ScrollContainer>
);
