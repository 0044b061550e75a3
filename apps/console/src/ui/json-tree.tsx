import { UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconLock, IconLockOpen } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { sealedToken } from './record-name.js';
import classes from './json-tree.module.css';

interface TreeProps {
  value: unknown;
  /** What it is called for a screen reader. */
  label: string;
  /** Sealed values that were opened: token → value. */
  opened?: ReadonlyMap<string, unknown>;
  /** How many levels stand open at first. */
  depth?: number;
}

const AT_ONCE = 100;
const LONG = 600;

/** JSON as text that opens and closes, level by level. Nothing of it is ever markup or a link. */
export function JsonTree({ value, label, opened, depth = 2 }: TreeProps) {
  return (
    <div className={classes['tree']} role="group" aria-label={label}>
      <Value value={value} opened={opened} depth={depth} />
    </div>
  );
}

interface ValueProps {
  value: unknown;
  opened: ReadonlyMap<string, unknown> | undefined;
  depth: number;
  name?: string;
}

function Value(props: ValueProps) {
  const { value, opened } = props;
  const token = sealedToken(value);
  if (token !== undefined) return <Sealed {...props} token={token} isOpen={opened?.has(token) ?? false} />;
  if (typeof value === 'object' && value !== null) return <Branch {...props} value={value} />;
  return (
    <span>
      <Name name={props.name} />
      <Leaf value={value} />
    </span>
  );
}

const Name = ({ name }: { name: string | undefined }) =>
  name === undefined ? null : <span className={classes['name']}>{name}: </span>;

function Branch({ value, opened, depth, name }: ValueProps & { value: object }) {
  const [open, setOpen] = useState(depth > 0);
  const [most, setMost] = useState(AT_ONCE);
  const list = useId();
  const isArray = Array.isArray(value);
  const members = Object.entries(value);
  const size = `${members.length} ${isArray ? (members.length === 1 ? 'item' : 'items') : members.length === 1 ? 'field' : 'fields'}`;
  if (members.length === 0)
    return (
      <span>
        <Name name={name} />
        <span className={classes['size']}>{isArray ? 'empty list' : 'no fields'}</span>
      </span>
    );
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <>
      <UnstyledButton
        className={classes['branch']}
        aria-expanded={open}
        aria-controls={open ? list : undefined}
        onClick={() => setOpen(!open)}
      >
        <Chevron size={14} aria-hidden />
        {name !== undefined && <span className={classes['name']}>{name}</span>}
        <span className={classes['size']}>{size}</span>
      </UnstyledButton>
      {open && (
        <ul id={list} className={classes['members']}>
          {members.slice(0, most).map(([key, inner]) => (
            <li key={key}>
              <Value name={key} value={inner} opened={opened} depth={depth - 1} />
            </li>
          ))}
          {members.length > most && (
            <li>
              <UnstyledButton className={classes['more']} onClick={() => setMost(most + AT_ONCE)}>
                {`Show ${Math.min(AT_ONCE, members.length - most)} more of ${members.length}`}
              </UnstyledButton>
            </li>
          )}
        </ul>
      )}
    </>
  );
}

function Leaf({ value }: { value: unknown }) {
  const [whole, setWhole] = useState(false);
  const text = typeof value === 'string' ? value : String(value);
  const isCut = !whole && text.length > LONG;
  return (
    <span className={classes['value']} data-type={value === null ? 'null' : typeof value}>
      {isCut ? `${text.slice(0, LONG)}…` : text}
      {isCut && (
        <UnstyledButton className={classes['more']} onClick={() => setWhole(true)}>
          {`Show all ${text.length.toLocaleString('en')} characters`}
        </UnstyledButton>
      )}
    </span>
  );
}

function Sealed({ name, value, token, opened, isOpen, depth }: ValueProps & { token: string; isOpen: boolean }) {
  const { class: dataClass } = ((value as { $sealed?: unknown }).$sealed ?? {}) as { class?: unknown };
  const kind = typeof dataClass === 'string' ? `${dataClass} ` : '';
  if (isOpen)
    return (
      <span>
        <Name name={name} />
        <span className={classes['sealed']}>
          <IconLockOpen size={12} aria-hidden /> opened:{' '}
        </span>
        <Value value={opened!.get(token)} opened={undefined} depth={depth} />
      </span>
    );
  return (
    <span>
      <Name name={name} />
      <span className={classes['sealed']}>
        <IconLock size={12} aria-hidden /> {`sealed ${kind}value`}
      </span>
    </span>
  );
}
