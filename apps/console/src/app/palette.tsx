import '@mantine/spotlight/styles.css';
import { Spotlight } from '@mantine/spotlight';
import { useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { VIEW_ICONS } from './view-icons.js';
import { placeOf, viewsOf } from './views.js';

/** ⌘K: to a view by name, to a thing by its id, to a search by anything else. */
export default function Palette({ roles }: { roles: readonly string[] }) {
  const router = useRouter();
  const [query, setQuery] = useState('');
  const [isLeaving, setIsLeaving] = useState(false);
  const go = (to: string) => {
    // Another view takes the focus (shell.tsx); the same one gives it back to where it was.
    setIsLeaving(to.split('?')[0] !== router.state.location.pathname);
    router.history.push(to);
  };
  const wanted = query.trim().toLowerCase();
  const views = viewsOf(roles).filter(({ title }) => title.toLowerCase().includes(wanted));
  const place = placeOf(query);
  return (
    <Spotlight.Root
      query={query}
      onQueryChange={setQuery}
      shortcut={['mod + K']}
      onSpotlightOpen={() => setIsLeaving(false)}
      returnFocus={!isLeaving}
    >
      <Spotlight.Search placeholder="A view, an id, or words to search for" aria-label="Go to" />
      <Spotlight.ActionsList>
        {views.map(({ path, title }) => {
          const Icon = VIEW_ICONS[path];
          return (
            <Spotlight.Action
              key={path}
              label={title}
              leftSection={<Icon size={18} aria-hidden />}
              onClick={() => go(path)}
            />
          );
        })}
        {place && <Spotlight.Action label={place.says} onClick={() => go(place.to)} />}
        {views.length === 0 && !place && <Spotlight.Empty>Nothing of that name</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
