import { Table, Text } from '@mantine/core';
import { fieldName, valueText } from './record-name.js';

export interface ChangedField {
  field: string;
  before?: unknown;
  after?: unknown;
}

/** Field by field, what was and what will be. */
export function Changes({ caption, changes, heads = ['Before', 'After'] }: ChangesProps) {
  return (
    <Table.ScrollContainer minWidth={280}>
      <Table withTableBorder captionSide="top">
        <Table.Caption ta="left">{caption}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Field</Table.Th>
            {heads.map((head) => (
              <Table.Th scope="col" key={head}>
                {head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {changes.map(({ field, before, after }) => (
            <Table.Tr key={field}>
              <Table.Th scope="row" fw={500}>
                {fieldName(field)}
              </Table.Th>
              <Table.Td>
                {before === null || before === undefined ? (
                  <Text c="dimmed" inherit>
                    —
                  </Text>
                ) : (
                  <Text component="del" inherit>
                    {valueText(before)}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                <Text component="ins" inherit fw={600} td="none">
                  {valueText(after)}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface ChangesProps {
  caption: string;
  changes: readonly ChangedField[];
  heads?: [string, string];
}
