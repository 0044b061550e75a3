import { Table, Text } from '@mantine/core';
import { toolName } from '../../ui/record-name.js';
import { classOf, effectOf, needsOf, type Tool } from './workflow.js';

/** Tool by tool: who may call it, which values need a person and whose, what it does. */
export function ToolTable({ tools }: { tools: Tool[] }) {
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table aria-label="Permission map" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Tool</Table.Th>
            <Table.Th scope="col">Who may</Table.Th>
            <Table.Th scope="col">What needs a person</Table.Th>
            <Table.Th scope="col">Restricted records</Table.Th>
            <Table.Th scope="col">What it does</Table.Th>
            <Table.Th scope="col">After a lost answer</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tools.map((tool) => (
            <Table.Tr key={tool.name}>
              <Table.Th scope="row">
                {toolName(tool.name)}
                <Text size="xs" c="dimmed">
                  {tool.version}
                </Text>
              </Table.Th>
              <Table.Td>{tool.permissions.roles.join(', ')}</Table.Td>
              <Table.Td>
                {needsOf(tool).map((need) => (
                  <div key={need}>{need}</div>
                ))}
              </Table.Td>
              <Table.Td>{tool.permissions.restricted.join(', ') || 'nobody'}</Table.Td>
              <Table.Td>{effectOf(tool)}</Table.Td>
              <Table.Td>{classOf(tool.class)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
