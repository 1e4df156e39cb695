import * as Device from 'expo-location';
import { useEffect, useState } from 'react';
import { Button, FlatList, SafeAreaView, Text } from 'react-native';
import { followLocations, shareLocation, type Location } from './api';

export function Feed({ token }: { token: string }) {
  const [locations, setLocations] = useState<Location[]>([]);

  useEffect(
    () => followLocations(token, (location) => setLocations((known) => [location, ...known])),
    [token],
  );

  async function share() {
    const { granted } = await Device.requestForegroundPermissionsAsync();
    if (!granted) return;
    const { coords } = await Device.getCurrentPositionAsync();
    await shareLocation(token, coords.latitude, coords.longitude);
  }

  return (
    <SafeAreaView>
      <Button title="Share where I am" onPress={share} />
      <FlatList
        data={locations}
        keyExtractor={({ user, recordedAt }) => `${user} ${recordedAt}`}
        renderItem={({ item }) => (
          <Text>
            {item.user}: {item.latitude.toFixed(5)}, {item.longitude.toFixed(5)}
          </Text>
        )}
      />
    </SafeAreaView>
  );
}
