import { useState } from 'react';
import { Button, SafeAreaView, Text, TextInput } from 'react-native';
import { logIn } from './api';
import { Feed } from './feed';

export function App() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [token, setToken] = useState<string>();
  const [problem, setProblem] = useState('');

  async function submit() {
    try {
      setToken((await logIn(name, password)).token);
    } catch (error) {
      setProblem((error as Error).message);
    }
  }

  if (token) return <Feed token={token} />;
  return (
    <SafeAreaView>
      <TextInput placeholder="Name" value={name} onChangeText={setName} autoCapitalize="none" />
      <TextInput
        placeholder="Password"
        value={password}
        onChangeText={setPassword}
        secureTextEntry
      />
      <Button title="Log in" onPress={submit} />
      <Text>{problem}</Text>
    </SafeAreaView>
  );
}
