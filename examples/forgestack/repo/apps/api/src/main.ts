// First, because it has to patch http, pg and ioredis before they are loaded.
import './tracing';
import { ConsoleLogger, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module';
import { env, LOG_LEVELS } from './env';

async function bootstrap() {
  const app = await NestFactory.create(AppModule, {
    logger: new ConsoleLogger({
      json: env.NODE_ENV === 'production',
      logLevels: LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(env.LOG_LEVEL) + 1),
    }),
  });

  app.setGlobalPrefix('api');
  app.enableCors({ origin: env.CORS_ORIGIN });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
  app.enableShutdownHooks();

  const document = new DocumentBuilder()
    .setTitle('forgestack')
    .setVersion('0.1.0')
    .addBearerAuth()
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, document), {
    useGlobalPrefix: true,
  });

  await app.listen(env.PORT);
}

bootstrap().catch((error) => {
  console.error(error);
  process.exit(1);
});
