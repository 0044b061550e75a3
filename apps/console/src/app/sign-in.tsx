import { Button, Center, Stack, Text, Title } from '@mantine/core';

/** Nobody is signed in: the identity provider says who it is, and the way leads back here. */
export function SignIn() {
  const back = `${window.location.pathname}${window.location.search}`;
  return (
    <Center component="main" h="100vh" p="md">
      <Stack align="center" gap="sm">
        <Title order={1}>Countersign</Title>
        <Text c="dimmed">What a model proposes, countersigned.</Text>
        <Button component="a" href={`/auth/login?returnTo=${encodeURIComponent(back)}`}>
          Sign in
        </Button>
      </Stack>
    </Center>
  );
}
