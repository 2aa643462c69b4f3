job "nextcloud-fpm" {
  datacenters = ["dc1"]
  type        = "service"

  group "nextcloud-fpm" {
    network {
      mode = "bridge"

      port "http" {
        to = 80
      }
    }

    volume "db-mysql" {
      type   = "host"
      source = "nextcloud-fpm-db-mysql"
    }

    volume "nextcloud" {
      type   = "host"
      source = "nextcloud-fpm-nextcloud"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "db"
      provider     = "nomad"
      port         = "3306"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "3306"
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
      name         = "app"
      provider     = "nomad"
      port         = "9000"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "9000"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name     = "web"
      provider = "nomad"
      port     = "http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.web.rule=Host(`cloud.example.com`)",
      ]

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "db" {
      driver = "docker"

      config {
        image = "mariadb:10.11"
        args = [
          "--transaction-isolation=READ-COMMITTED",
          "--log-bin=binlog",
          "--binlog-format=ROW",
        ]
        extra_hosts = [
          "app:127.0.0.1",
          "cron:127.0.0.1",
          "db:127.0.0.1",
          "redis:127.0.0.1",
          "web:127.0.0.1",
        ]
      }

      env {
        MARIADB_AUTO_UPGRADE           = "1"
        MARIADB_DISABLE_UPGRADE_BACKUP = "1"
        MYSQL_DATABASE                 = "nextcloud"
        MYSQL_ROOT_PASSWORD            = ""
        MYSQL_USER                     = "nextcloud"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/nextcloud-fpm/nextcloud-fpm/db" }}
MYSQL_PASSWORD={{ .MYSQL_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "db-mysql"
        destination = "/var/lib/mysql"
      }

      resources {
        memory = 512
      }
    }

    task "redis" {
      driver = "docker"

      config {
        image = "redis:alpine"
        args  = ["redis-server", "--requirepass", "${REDIS_HOST_PASSWORD}"]
        extra_hosts = [
          "app:127.0.0.1",
          "cron:127.0.0.1",
          "db:127.0.0.1",
          "redis:127.0.0.1",
          "web:127.0.0.1",
        ]
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/nextcloud-fpm/nextcloud-fpm/redis" }}
REDIS_HOST_PASSWORD={{ .REDIS_HOST_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      resources {
        memory = 512
      }
    }

    task "app" {
      driver = "docker"

      config {
        image = "nextcloud:fpm-alpine"
        extra_hosts = [
          "app:127.0.0.1",
          "cron:127.0.0.1",
          "db:127.0.0.1",
          "redis:127.0.0.1",
          "web:127.0.0.1",
        ]
      }

      env {
        MYSQL_DATABASE = "nextcloud"
        MYSQL_HOST     = "db"
        MYSQL_USER     = "nextcloud"
        REDIS_HOST     = "redis"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/nextcloud-fpm/nextcloud-fpm/app" }}
MYSQL_PASSWORD={{ .MYSQL_PASSWORD.Value | toJSON }}
REDIS_HOST_PASSWORD={{ .REDIS_HOST_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "nextcloud"
        destination = "/var/www/html"
      }

      resources {
        memory = 512
      }
    }

    task "web" {
      driver = "docker"

      config {
        image = "nextcloud-fpm-web"
        extra_hosts = [
          "app:127.0.0.1",
          "cron:127.0.0.1",
          "db:127.0.0.1",
          "redis:127.0.0.1",
          "web:127.0.0.1",
        ]
        volumes = ["local/nginx-conf:/etc/nginx/nginx.conf:ro"]
      }

      env {
        LETSENCRYPT_HOST = "cloud.example.com"
        VIRTUAL_HOST     = "cloud.example.com"
      }

      template {
        data            = file("./web/nginx.conf")
        destination     = "local/nginx-conf"
        left_delimiter  = "<<%"
        right_delimiter = "%>>"
      }

      volume_mount {
        volume      = "nextcloud"
        destination = "/var/www/html"
        read_only   = true
      }

      resources {
        memory = 512
      }
    }

    task "cron" {
      driver = "docker"

      config {
        image      = "nextcloud:fpm-alpine"
        entrypoint = ["/cron.sh"]
        extra_hosts = [
          "app:127.0.0.1",
          "cron:127.0.0.1",
          "db:127.0.0.1",
          "redis:127.0.0.1",
          "web:127.0.0.1",
        ]
      }

      volume_mount {
        volume      = "nextcloud"
        destination = "/var/www/html"
      }

      resources {
        memory = 512
      }
    }
  }
}
