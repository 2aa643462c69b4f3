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

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "immich-machine-learning"
      provider     = "nomad"
      port         = "3003"
      address_mode = "alloc"

      check {
        type         = "http"
        path         = "/ping"
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
      name         = "database"
      provider     = "nomad"
      port         = "5432"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "5432"
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
        type     = "http"
        path     = "/api/server/ping"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "immich-machine-learning" {
      driver = "docker"

      config {
        image = "ghcr.io/immich-app/immich-machine-learning:v2-cuda"
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
        DB_DATABASE_NAME = "immich"
        DB_DATA_LOCATION = "./postgres"
        DB_USERNAME      = "postgres"
        IMMICH_VERSION   = "v2"
        UPLOAD_LOCATION  = "./library"
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

        device "nvidia/gpu" {
          count = 1
        }
      }
    }

    task "redis" {
      driver = "docker"

      config {
        image = "docker.io/valkey/valkey:8@sha256:81db6d39e1bba3b3ff32bd3a1b19a6d69690f94a3954ec131277b9a26b95b3aa"
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

      resources {
        memory = 512
      }
    }

    task "database" {
      driver = "docker"

      config {
        image = "ghcr.io/immich-app/postgres:14-vectorchord0.4.3-pgvectors0.2.0@sha256:bcf63357191b76a916ae5eb93464d65c07511da41e3bf7a8416db519b40b1c23"
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

    task "immich-server" {
      driver = "docker"

      config {
        image = "ghcr.io/immich-app/immich-server:v2"
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
        DB_DATA_LOCATION = "./postgres"
        DB_USERNAME      = "postgres"
        IMMICH_VERSION   = "v2"
        TZ               = "Europe/Berlin"
        UPLOAD_LOCATION  = "./library"
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
