import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { FilesController } from './files.controller';
import { FilesService } from './files.service';
import { IpfsService } from './ipfs.service';
import { StoredFile } from './stored-file.entity';
import { TeeService } from './tee.service';

@Module({
  imports: [TypeOrmModule.forFeature([StoredFile])],
  controllers: [FilesController],
  providers: [FilesService, IpfsService, TeeService],
})
export class FilesModule {}
