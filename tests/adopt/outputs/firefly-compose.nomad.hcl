job "firefly" {
  datacenters = ["dc1"]
  type        = "service"

  group "db" {
    network {
      mode = "bridge"

      port "port8080" {
        static = 80
        to     = 8080
      }
    }

    volume "app-upload" {
      type   = "host"
      source = "firefly-app-upload"
    }

    volume "db-mysql" {
      type   = "host"
      source = "firefly-db-mysql"
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
      name     = "app"
      provider = "nomad"
      port     = "port8080"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "db" {
      driver = "docker"

      config {
        image = "mariadb:lts"
        extra_hosts = [
          "app:127.0.0.1",
          "cron:127.0.0.1",
          "db:127.0.0.1",
          "firefly_iii_core:127.0.0.1",
          "firefly_iii_cron:127.0.0.1",
          "firefly_iii_db:127.0.0.1",
        ]
      }

      env {
        MYSQL_DATABASE             = "firefly"
        MYSQL_RANDOM_ROOT_PASSWORD = "yes"
        MYSQL_USER                 = "firefly"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/firefly/db/db" }}
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

    task "app" {
      driver = "docker"

      config {
        image = "fireflyiii/core:latest"
        extra_hosts = [
          "app:127.0.0.1",
          "cron:127.0.0.1",
          "db:127.0.0.1",
          "firefly_iii_core:127.0.0.1",
          "firefly_iii_cron:127.0.0.1",
          "firefly_iii_db:127.0.0.1",
        ]
      }

      env {
        APP_DEBUG        = "false"
        APP_ENV          = "production"
        DB_CONNECTION    = "mysql"
        DB_DATABASE      = "firefly"
        DB_HOST          = "db"
        DB_PORT          = "3306"
        DB_USERNAME      = "firefly"
        DEFAULT_LANGUAGE = "en_US"
        LOG_CHANNEL      = "stack"
        MAIL_MAILER      = "log"
        MAIL_PASSWORD    = "null"
        MYSQL_USE_SSL    = "false"
        SITE_OWNER       = "mail@example.com"
        TRUSTED_PROXIES  = "**"
        TZ               = "Europe/Amsterdam"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/firefly/db/app" }}
APP_KEY={{ .APP_KEY.Value | toJSON }}
DB_PASSWORD={{ .DB_PASSWORD.Value | toJSON }}
STATIC_CRON_TOKEN={{ .STATIC_CRON_TOKEN.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "app-upload"
        destination = "/var/www/html/storage/upload"
      }

      resources {
        memory = 512
      }
    }

    task "cron" {
      driver = "docker"

      config {
        image = "alpine"
        args = [
          "sh",
          "-c",
          " apk add tzdata && ln -s /usr/share/zoneinfo/$${TZ} /etc/localtime | echo \"0 3 * * * wget -qO- http://app:8080/api/v1/cron/REPLACEME;echo\" | crontab - && crond -f -L /dev/stdout",
        ]
        extra_hosts = [
          "app:127.0.0.1",
          "cron:127.0.0.1",
          "db:127.0.0.1",
          "firefly_iii_core:127.0.0.1",
          "firefly_iii_cron:127.0.0.1",
          "firefly_iii_db:127.0.0.1",
        ]
      }

      env {
        APP_DEBUG        = "false"
        APP_ENV          = "production"
        DB_CONNECTION    = "mysql"
        DB_DATABASE      = "firefly"
        DB_HOST          = "db"
        DB_PORT          = "3306"
        DB_USERNAME      = "firefly"
        DEFAULT_LANGUAGE = "en_US"
        LOG_CHANNEL      = "stack"
        MAIL_MAILER      = "log"
        MAIL_PASSWORD    = "null"
        MYSQL_USE_SSL    = "false"
        SITE_OWNER       = "mail@example.com"
        TRUSTED_PROXIES  = "**"
        TZ               = "Europe/Amsterdam"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/firefly/db/cron" }}
APP_KEY={{ .APP_KEY.Value | toJSON }}
DB_PASSWORD={{ .DB_PASSWORD.Value | toJSON }}
STATIC_CRON_TOKEN={{ .STATIC_CRON_TOKEN.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      resources {
        memory = 512
      }
    }
  }

  group "importer" {
    network {
      mode     = "bridge"
      hostname = "importer"

      port "port8080" {
        static = 81
        to     = 8080
      }
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "importer"
      provider = "nomad"
      port     = "port8080"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "importer" {
      driver = "docker"

      config {
        image = "fireflyiii/data-importer:latest"
      }

      env {
        FIREFLY_III_URL = "http://app:8080"
        VANITY_URL      = "http://localhost"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/firefly/importer/importer" }}
FIREFLY_III_ACCESS_TOKEN={{ .FIREFLY_III_ACCESS_TOKEN.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      resources {
        memory = 512
      }
    }
  }
}
