job "immich" {
  datacenters = ["dc1"]
  type        = "service"

  group "immich" {
    network {
      mode = "bridge"

      port "port2283" {
        static = 2283
        to     = 2283
      }
    }

    volume "database-data" {
      type   = "host"
      source = "immich-database-data"
    }

    volume "immich-server-data" {
      type   = "host"
      source = "immich-server-data"
    }

    volume "redis-data" {
      type   = "host"
      source = "immich-redis-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "database"
      provider     = "nomad"
      port         = "5432"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "5432"
        address_mode = "alloc"
        interval     = "300s"
        timeout      = "5s"
      }
    }

    service {
      name         = "immich-machine-learning"
      provider     = "nomad"
      port         = "3003"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "3003"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name         = "redis"
      provider     = "nomad"
      port         = "6379"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "6379"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name     = "immich-server"
      provider = "nomad"
      port     = "port2283"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "database" {
      driver = "docker"

      config {
        image = "ghcr.io/immich-app/postgres:14-vectorchord0.4.3-pgvectors0.2.0@sha256:8b5454841fea50e2f50defd3428d701f5597cdf17152130377e6e223585b2ab7"
        extra_hosts = [
          "database:127.0.0.1",
          "immich-machine-learning:127.0.0.1",
          "immich-server:127.0.0.1",
          "immich_machine_learning:127.0.0.1",
          "immich_postgres:127.0.0.1",
          "immich_redis:127.0.0.1",
          "immich_server:127.0.0.1",
          "redis:127.0.0.1",
        ]
        shm_size = 134217728
      }

      env {
        POSTGRES_DB          = "immich"
        POSTGRES_INITDB_ARGS = "--data-checksums"
        POSTGRES_USER        = "postgres"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/immich/immich/database" }}
POSTGRES_PASSWORD={{ .POSTGRES_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "database-data"
        destination = "/var/lib/postgresql/data"
      }

      resources {
        memory = 512
      }
    }

    task "immich-machine-learning" {
      driver = "docker"

      config {
        image = "ghcr.io/immich-app/immich-machine-learning:release"
        extra_hosts = [
          "database:127.0.0.1",
          "immich-machine-learning:127.0.0.1",
          "immich-server:127.0.0.1",
          "immich_machine_learning:127.0.0.1",
          "immich_postgres:127.0.0.1",
          "immich_redis:127.0.0.1",
          "immich_server:127.0.0.1",
          "redis:127.0.0.1",
        ]
        volumes = ["local/cache:/cache"]
      }

      env {
        TZ = "Europe/Berlin"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/immich/immich/immich-machine-learning" }}
DB_PASSWORD={{ .DB_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      resources {
        memory = 512
      }
    }

    task "redis" {
      driver = "docker"

      config {
        image = "docker.io/valkey/valkey:8-bookworm@sha256:36c0c6b32a5cdcbeaa192a2af99f9ac820f08206c964a456a2ca3100b97b1487"
        extra_hosts = [
          "database:127.0.0.1",
          "immich-machine-learning:127.0.0.1",
          "immich-server:127.0.0.1",
          "immich_machine_learning:127.0.0.1",
          "immich_postgres:127.0.0.1",
          "immich_redis:127.0.0.1",
          "immich_server:127.0.0.1",
          "redis:127.0.0.1",
        ]
      }

      volume_mount {
        volume      = "redis-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }

    task "immich-server" {
      driver = "docker"

      config {
        image = "ghcr.io/immich-app/immich-server:release"
        extra_hosts = [
          "database:127.0.0.1",
          "immich-machine-learning:127.0.0.1",
          "immich-server:127.0.0.1",
          "immich_machine_learning:127.0.0.1",
          "immich_postgres:127.0.0.1",
          "immich_redis:127.0.0.1",
          "immich_server:127.0.0.1",
          "redis:127.0.0.1",
        ]
        devices = [{ host_path = "/dev/dri", container_path = "/dev/dri" }]
      }

      env {
        DB_DATABASE_NAME = "immich"
        DB_HOSTNAME      = "immich_postgres"
        DB_USERNAME      = "postgres"
        REDIS_HOSTNAME   = "immich_redis"
        TZ               = "Europe/Berlin"
        UPLOAD_LOCATION  = "/mnt/photos"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/immich/immich/immich-server" }}
DB_PASSWORD={{ .DB_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "immich-server-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }
  }
}
