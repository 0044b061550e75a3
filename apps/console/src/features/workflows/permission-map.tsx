import { Table, Text } from '@mantine/core';
import { toolName } from '../../ui/record-name.js';
import { permissionOf, rolesOf } from './tools.js';
import { classOf, effectOf, type Tool } from './workflow.js';

/** Tool by tool and role by role: who may ask for it, who lets it, what it does. */
export function PermissionMap({ tools }: { tools: Tool[] }) {
  const roles = rolesOf(tools);
  return (
    <Table.ScrollContainer minWidth={640} type="native" tabIndex={0} role="region" aria-label="Permission map">
      <Table aria-label="Permission map" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Tool</Table.Th>
            {roles.map((role) => (
              <Table.Th scope="col" key={role}>
                {role}
              </Table.Th>
            ))}
            <Table.Th scope="col">What it does</Table.Th>
            <Table.Th scope="col">After a lost answer</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tools.map((tool) => (
            <Table.Tr key={tool.name}>
              <Table.Th scope="row">{toolName(tool.name)}</Table.Th>
              {roles.map((role) => (
                <Table.Td key={role}>
                  <Permission lines={permissionOf(tool, role)} />
                </Table.Td>
              ))}
              <Table.Td>{effectOf(tool)}</Table.Td>
              <Table.Td>{classOf(tool.class)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

const Permission = ({ lines }: { lines: string[] }) =>
  lines.length === 0 ? (
    <Text size="sm" c="dimmed">
      no
    </Text>
  ) : (
    lines.map((line) => (
      <Text size="sm" key={line}>
        {line}
      </Text>
    ))
  );
