import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './facts.module.css';

/** What is known of one thing: name and value, line by line. What is not known is left out. */
export function Facts({ facts }: { facts: Record<string, ReactNode> }) {
  const known = Object.entries(facts).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return (
    <dl className={classes['facts']}>
      {known.map(([name, value]) => (
        <div key={name} className={classes['fact']}>
          <Text component="dt" size="sm" c="dimmed">
            {name}
          </Text>
          <Text component="dd" size="sm" m={0} className={classes['value']}>
            {value}
          </Text>
        </div>
      ))}
    </dl>
  );
}
